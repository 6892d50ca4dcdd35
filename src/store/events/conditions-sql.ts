// Conditions as SQL. One table of test cases covers it and src/domain/conditions/match-conditions.ts.
import sql, { join, raw, type Sql } from 'sql-template-tag';
import { type FieldKind, fieldKinds } from '../../domain/conditions/condition-keys.ts';
import {
  type CheckedConditions,
  type FieldTest,
  type FieldValue,
  isGroup,
  type JsonScalar,
  type ListTest,
  type Ordering,
  type PathTest,
} from '../../domain/conditions/conditions.ts';
import { columns } from './event-columns.ts';

/**
 * A condition on the event `alias`. Never fails, whatever the event contains. Where it does not hold it is false or
 * null, so it must not be negated.
 */
export function conditionsSql(checked: CheckedConditions, alias = 'e'): Sql {
  if (isGroup(checked)) {
    const members = checked.conditions.map((member) => conditionsSql(member, alias));
    return join(members, checked.operator === 'AND' ? ' AND ' : ' OR ', '(', ')');
  }
  return 'field' in checked ? fieldSql(checked, alias) : pathSql(checked, alias);
}

/** How a column is compared. Integers are compared as doubles, since a caller's number may be fractional. */
const casts: Readonly<Record<FieldKind, { readonly column: string; readonly type: string }>> = {
  text: { column: ' COLLATE "C"', type: 'text' },
  number: { column: '::float8', type: 'float8' },
  time: { column: '', type: 'timestamptz' },
  id: { column: '', type: 'uuid' },
  status: { column: '', type: 'event_status' },
};

function fieldSql(test: FieldTest, alias: string): Sql {
  const cast = casts[fieldKinds[test.field]];
  const column = raw(`${alias}.${columns[test.field]}${cast.column}`);
  const type = raw(cast.type);
  switch (test.comparison) {
    case 'ISNULL':
      return sql`${column} IS NULL`;
    case 'NOTNULL':
      return sql`${column} IS NOT NULL`;
    case 'LIKE':
      return sql`lower(${column}) LIKE ${test.value}::text`;
    case 'IN':
      return sql`${column} = ANY(${test.values.map(parameter)}::${type}[])`;
    case 'NOTIN':
      return sql`${column} <> ALL(${test.values.map(parameter)}::${type}[])`;
    default:
      return sql`${column} ${operators[test.comparison]} ${parameter(test.value)}::${type}`;
  }
}

/** Drivers send lists of dates differently. */
function parameter(value: FieldValue): string | number {
  return value instanceof Date ? value.toISOString() : value;
}

const operators: Readonly<Record<'EQ' | 'NE' | Ordering, Sql>> = {
  EQ: raw('='),
  NE: raw('<>'),
  LT: raw('<'),
  GT: raw('>'),
  LTE: raw('<='),
  GTE: raw('>='),
};

/**
 * OFFSET 0 makes the planner evaluate the path, which may read a large value, once instead of for each use of `j.v`.
 */
function pathSql(test: PathTest, alias: string): Sql {
  const [root, ...keys] = test.path;
  const steps = keys.map((key) => sql` -> ${key}::text`);
  return sql`(SELECT ${valueSql(test)} FROM (SELECT ${raw(`${alias}.${root}`)}${join(steps, '')} AS v OFFSET 0) j)`;
}

/** `j.v` is null if the path does not exist. Steps by name do not match list items. */
function valueSql(test: PathTest): Sql {
  switch (test.comparison) {
    case 'ISNULL':
      return sql`j.v IS NULL`;
    case 'NOTNULL':
      return sql`j.v IS NOT NULL`;
    case 'ISEMPTY':
      return sql`coalesce(j.v, '[]') = '[]'`;
    case 'EQ':
    case 'NE': {
      const value = typeof test.value === 'boolean' ? sql`coalesce(j.v, 'false')` : sql`j.v`;
      return sql`${value} ${operators[test.comparison]} ${jsonb(test.value)}`;
    }
    case 'LIKE':
      return sql`jsonb_typeof(j.v) = 'string' AND lower(${text}) LIKE ${test.value}::text`;
    case 'LT':
    case 'GT':
    case 'LTE':
    case 'GTE':
      // jsonb orders numbers correctly without a cast, but orders text by collation.
      return typeof test.value === 'number'
        ? sql`jsonb_typeof(j.v) = 'number' AND j.v ${operators[test.comparison]} ${jsonb(test.value)}`
        : sql`jsonb_typeof(j.v) = 'string' AND ${text} ${operators[test.comparison]} ${test.value}::text`;
    case 'IN':
      return sql`j.v = ANY(${jsonbs(test.values)})`;
    case 'NOTIN':
      return sql`j.v <> ALL(${jsonbs(test.values)})`;
    default:
      return sql`jsonb_typeof(j.v) = 'array' AND ${listSql(test)}`;
  }
}

const text = sql`(j.v #>> '{}') COLLATE "C"`;

function listSql(test: ListTest): Sql {
  switch (test.comparison) {
    case 'NOTEMPTY':
      return sql`j.v <> '[]'`;
    case 'INCLUDES':
      return sql`j.v @> ${jsonb(test.value)}`;
    case 'EXCLUDES':
      return sql`NOT j.v @> ${jsonb(test.value)}`;
    case 'INCLUDESALL':
      return sql`j.v @> ALL(${jsonbs(test.values)})`;
    case 'EXCLUDESALL':
      return sql`NOT j.v @> ALL(${jsonbs(test.values)})`;
    case 'INCLUDESANY':
      return sql`j.v @> ANY(${jsonbs(test.values)})`;
    case 'EXCLUDESANY':
      return sql`NOT j.v @> ANY(${jsonbs(test.values)})`;
  }
}

function jsonb(value: JsonScalar): Sql {
  return sql`${JSON.stringify(value)}::text::jsonb`;
}

function jsonbs(values: readonly JsonScalar[]): Sql {
  return sql`${values.map((value) => JSON.stringify(value))}::text[]::jsonb[]`;
}
