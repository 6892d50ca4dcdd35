// Conditions and Condition: AYON's query filter.
import { limits } from '../base/limits.ts';
import { fieldNames } from '../domain/condition-keys.ts';
import type { ConditionInput, ConditionsInput } from '../domain/conditions.ts';
import { builder } from './builder.ts';
import { Comparison, ConditionOperator } from './enums.ts';
import { amount } from './wording.ts';

export const Conditions = builder.inputRef<ConditionsInput>('Conditions');
/** Its `value` is left out for Pothos, which has no type for what may be anything or absent. */
const Condition = builder.inputRef<Omit<ConditionInput, 'value'>>('Condition');

Conditions.implement({
  description: `Conditions on the fields of an event and on what is in its JSON: AYON’s query filter. At most ${limits.conditions}, nested ones included, and ${limits.conditionDepth} levels of them, otherwise LIMIT_EXCEEDED.`,
  fields: (t) => ({
    operator: t.field({
      type: ConditionOperator,
      defaultValue: 'AND',
      description: 'Whether all of them must hold or one. AND unless given, or null.',
    }),
    conditions: t.field({
      type: [Condition],
      required: true,
      description: 'The conditions. An empty list always holds, whatever the operator.',
    }),
  }),
});

Condition.implement({
  description:
    'A comparison of what a key leads to with a value, or conditions nested in it: `key` or `nested`, one of them. What does not fit is refused with INVALID_FILTER; `extensions.key` names the key.',
  fields: (t) => ({
    key: t.string({
      description: `A field of the event (${fieldNames.map((name) => `\`${name}\``).join(', ')}), the same in snake_case, \`project_name\`, \`user_name\`, or a path into the summary or the payload such as \`payload/newValue\` or \`summary.count\`. Its elements, with / or . between them, are keys of objects; none is a place in a list. At most ${amount(limits.conditionKeyLength)} characters, otherwise LIMIT_EXCEEDED.`,
    }),
    value: t.field({
      type: 'JSON',
      description: `What to compare with: a string, a number or a boolean, null or nothing for ISNULL and NOTNULL, a list of these for IN, NOTIN, INCLUDESALL, EXCLUDESALL, INCLUDESANY and EXCLUDESANY, on a path with null among them if you like, of at most ${amount(limits.conditionItems)} items, and a pattern of at most ${amount(limits.likeLength)} characters for LIKE. Text fields take strings, \`retries\` numbers, times RFC 3339 text as a DateTime does (no LIKE), \`id\` and \`dependsOn\` UUIDs (EQ, NE, IN, NOTIN, ISNULL and NOTNULL only), \`status\` the name of a status in any case of letters (EQ, NE, IN and NOTIN only).`,
    }),
    comparison: t.field({
      type: Comparison,
      defaultValue: 'EQ',
      description: 'How to compare. EQ unless given, or null.',
    }),
    nested: t.field({
      type: Conditions,
      description: 'Conditions that count as one.',
    }),
  }),
});
