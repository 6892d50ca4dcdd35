// AYON's query filters, translated into the conditions of our lists and consumers.
import { badInput } from '../base/errors.ts';
import type { ConditionInput, ConditionsInput } from '../domain/conditions/check-conditions.ts';
import { type Comparison, comparisons } from '../domain/conditions/conditions.ts';
import { Meter } from '../domain/cel/meter.ts';
import { foldCase, LikePattern } from '../domain/conditions/like.ts';
import { eventStatuses } from '../domain/events/event.ts';
import { isJsonObject, type JsonObject } from '../domain/values/json.ts';
import { limits } from '../base/limits.ts';

/** The fields of AYON's events, by their names in both spellings. */
const fields: ReadonlyMap<string, string> = new Map([
  ...['id', 'hash', 'topic', 'sender', 'project', 'user', 'status', 'retries', 'description'].map(
    (name): [string, string] => [name, name],
  ),
  ...['senderType', 'sender_type'].map((name): [string, string] => [name, 'senderType']),
  ...['dependsOn', 'depends_on'].map((name): [string, string] => [name, 'dependsOn']),
  ...['createdAt', 'created_at'].map((name): [string, string] => [name, 'createdAt']),
  ...['updatedAt', 'updated_at'].map((name): [string, string] => [name, 'updatedAt']),
  ...['projectName', 'project_name'].map((name): [string, string] => [name, 'project']),
  ...['userName', 'user_name'].map((name): [string, string] => [name, 'user']),
]);

/** Null if nothing is filtered. Throws BAD_USER_INPUT; what is left is checked by those who take the conditions. */
export function conditionsOf(filter: unknown): ConditionsInput | null {
  return filter == null ? null : group(filter, 1);
}

function group(given: unknown, depth: number): ConditionsInput | null {
  if (!isJsonObject(given)) throw badInput('A filter must be an object with conditions.');
  if (depth > limits.conditionDepth)
    throw badInput(`A filter nests deeper than ${limits.conditionDepth} levels.`);
  const { conditions = [] } = given;
  if (conditions === null) return null;
  if (!Array.isArray(conditions)) throw badInput('The conditions of a filter must be a list.');
  const members = conditions
    .map((member: unknown) => memberOf(member, depth))
    .filter((member) => member !== null);
  return members.length === 0 ? null : { operator: operatorOf(given), conditions: members };
}

function operatorOf({ operator = 'and' }: JsonObject): 'AND' | 'OR' {
  const name = operator === null ? 'AND' : typeof operator === 'string' ? operator.toUpperCase() : '';
  if (name === 'AND' || name === 'OR') return name;
  throw badInput(`A filter's operator must be "and" or "or", not ${JSON.stringify(operator)?.slice(0, 60)}.`);
}

/** Null for a filter without conditions. */
function memberOf(given: unknown, depth: number): ConditionInput | null {
  if (!isJsonObject(given)) throw badInput('A condition must be an object.');
  if (Object.hasOwn(given, 'conditions') && !Object.hasOwn(given, 'key')) {
    const nested = group(given, depth + 1);
    return nested && { nested };
  }
  const key = keyOf(given.key);
  const comparison = comparisonOf(given.operator ?? 'eq');
  const isPresence = comparison === 'ISNULL' || comparison === 'NOTNULL';
  const value = isPresence ? null : (given.value ?? null);
  if (key === 'status') return statusCondition(comparison, value);
  if (comparison === 'EQ' || comparison === 'NE') refuseList(key, value);
  return { key, comparison, value };
}

/** A field, or the elements of a path joined by slashes. */
function keyOf(key: unknown): string {
  if (typeof key !== 'string') throw badInput('A condition needs a key, which is a text.');
  const [first = '', ...below] = key.split(/[/.]/);
  if (first === 'summary' || first === 'payload') return [first, ...below].join('/');
  const field = below.length === 0 ? fields.get(first) : undefined;
  if (field !== undefined) return field;
  throw badInput(
    `${JSON.stringify(key.slice(0, 60))} is not a key of a filter: use ${[...new Set(fields.values())].join(', ')}, or a path below summary or payload.`,
  );
}

function comparisonOf(operator: unknown): Comparison {
  const name = typeof operator === 'string' ? operator.toUpperCase().replace(/[-_]/g, '') : '';
  const known = comparisons.find((comparison) => comparison === name);
  if (known !== undefined && name !== '') return known;
  throw badInput(
    `${JSON.stringify(operator)?.slice(0, 60)} is not an operator: use ${comparisons.join(', ').toLowerCase()}.`,
  );
}

/** An empty list asks whether a list is empty; that is for paths only, and checked with them. */
function refuseList(key: string, value: unknown): void {
  if (Array.isArray(value) && value.length > 0)
    throw badInput(`${key} is compared with a list; use in or notin.`);
}

/** There are six statuses, so that every comparison is a list of those it holds for. */
function statusCondition(comparison: Comparison, value: unknown): ConditionInput {
  const holds = (test: (name: string) => boolean): ConditionInput => {
    const value = eventStatuses.filter((status) => test(status.toLowerCase()));
    return { key: 'status', comparison: 'IN', value };
  };
  if (comparison === 'ISNULL') return holds(() => false);
  if (comparison === 'NOTNULL') return holds(() => true);
  if (comparison === 'IN' || comparison === 'NOTIN') {
    if (!Array.isArray(value) || value.some((item) => typeof item !== 'string'))
      throw badInput('status is compared with a list of texts by in and notin.');
    return holds((name) => value.includes(name) === (comparison === 'IN'));
  }
  if (typeof value !== 'string') throw badInput('status is compared with a text.');
  switch (comparison) {
    case 'EQ':
      return holds((name) => name === value);
    case 'NE':
      return holds((name) => name !== value);
    case 'LT':
      return holds((name) => name < value);
    case 'LTE':
      return holds((name) => name <= value);
    case 'GT':
      return holds((name) => name > value);
    case 'GTE':
      return holds((name) => name >= value);
    case 'LIKE': {
      const pattern = new LikePattern(foldCase(value));
      return holds((name) => pattern.test(name, new Meter(Infinity)));
    }
    default:
      throw badInput(`status cannot be compared with ${comparison.toLowerCase()}.`);
  }
}
