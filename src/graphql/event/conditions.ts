// The inputs Conditions and Condition, compatible with AYON's query filter.
import { limits } from '../../base/limits.ts';
import { fieldNames } from '../../domain/conditions/condition-keys.ts';
import type { ConditionInput, ConditionsInput } from '../../domain/conditions/check-conditions.ts';
import { builder } from '../builder.ts';
import { Comparison, ConditionOperator } from '../enums.ts';
import { amount } from '../wording.ts';

export const Conditions = builder.inputRef<ConditionsInput>('Conditions');
/** Without `value`, since Pothos has no type for an optional value of any type. */
const Condition = builder.inputRef<Omit<ConditionInput, 'value'>>('Condition');

Conditions.implement({
  description: `Conditions on the fields of an event and on values inside its JSON; compatible with AYON’s query filter. At most ${limits.conditions} conditions, nested ones included, and ${limits.conditionDepth} levels; otherwise LIMIT_EXCEEDED.`,
  fields: (t) => ({
    operator: t.field({
      type: ConditionOperator,
      defaultValue: 'AND',
      description: 'Whether all conditions must match, or one. Null: AND.',
    }),
    conditions: t.field({
      type: [Condition],
      required: true,
      description: 'The conditions. An empty list matches everything.',
    }),
  }),
});

Condition.implement({
  description:
    'A comparison of a field or JSON value with `value`, or a group of nested conditions. Give exactly one of `key` and `nested`. Invalid: INVALID_FILTER; `extensions.key` names the key.',
  fields: (t) => ({
    key: t.string({
      description: `A field of the event, in camelCase or snake_case (${fieldNames.map((name) => `\`${name}\``).join(', ')}; also \`project_name\` and \`user_name\`), or a path of object keys into \`summary\` or \`payload\`, separated by / or dots, such as \`payload/order/total\`. At most ${amount(limits.conditionKeyLength)} characters; otherwise LIMIT_EXCEEDED.`,
    }),
    value: t.field({
      type: 'JSON',
      description: `The value to compare with: a string, number or boolean; a list of up to ${amount(limits.conditionItems)} for IN, NOTIN and the …ALL and …ANY comparisons; a pattern of up to ${amount(limits.likeLength)} characters for LIKE; omitted for ISNULL and NOTNULL. Timestamps are DateTime strings (not with LIKE). \`id\` and \`dependsOn\` take UUIDs and \`status\` a status name, with EQ, NE, IN and NOTIN only; the ids also with ISNULL and NOTNULL.`,
    }),
    comparison: t.field({
      type: Comparison,
      defaultValue: 'EQ',
      description: 'The comparison. Null: EQ.',
    }),
    nested: t.field({
      type: Conditions,
      description: 'Conditions that count as one, like a group in parentheses.',
    }),
  }),
});
