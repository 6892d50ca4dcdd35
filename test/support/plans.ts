// How Postgres would run what it is asked, and what of it would grow with the tables.
import type { Database, Statement } from '../../src/database/database.ts';
import { telling } from './forwarding.ts';
import { fresh } from './gateway.ts';

/** A database that keeps what it is asked, with the values. */
export function recording(database: Database): { database: Database; statements: Statement[] } {
  const statements: Statement[] = [];
  return { statements, database: telling(database, (statement) => statements.push(statement)) };
}

export interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Index Cond'?: string;
  readonly 'Subplan Name'?: string;
  readonly Plans?: readonly Plan[];
}

/** Those that grow with use. */
const tables: ReadonlySet<string> = new Set([
  'events',
  'log',
  'jobs',
  'cursors',
  'subscriptions',
  'deliveries',
]);

/**
 * What of the tables that grow is read whole: by itself, all along an index with nothing to stop it, for a bitmap, or
 * for a subquery that is answered for all rows there are before it is asked for one.
 */
export function wholeReads(plan: Plan, bounded = false): string[] {
  const {
    'Node Type': type,
    'Relation Name': relation,
    'Index Name': index,
    Plans: below = [],
    ...rest
  } = plan;
  const isIndexScan = /^Index (Only )?Scan$/.test(type) && relation !== undefined && tables.has(relation);
  const isNamed = relation !== undefined && tables.has(relation);
  const whole = [
    ...(isNamed && type === 'Seq Scan' ? [`${type} on ${relation}`] : []),
    ...(isIndexScan && !plan['Index Cond'] && !bounded ? [`${type} all along ${index}`] : []),
    ...(type === 'Bitmap Index Scan' && !plan['Index Cond'] ? [`${type} of ${index}`] : []),
    ...hashedSubqueries(rest, below),
  ];
  return [...whole, ...below.flatMap((inner) => wholeReads(inner, bounded || type === 'Limit'))];
}

/** Those over tables that grow; what has been narrowed down to a few rows may well be hashed. */
function hashedSubqueries(conditions: object, below: readonly Plan[]): string[] {
  const names = [...JSON.stringify(conditions).matchAll(/hashed (SubPlan \d+)/g)].map(([, name]) => name);
  const hashed = below.filter((inner) => names.includes(inner['Subplan Name']));
  return hashed.flatMap(tablesOf).map((table) => `a hashed subquery of ${table}`);
}

function tablesOf({ 'Relation Name': relation, Plans: below = [] }: Plan): string[] {
  return [...(relation !== undefined && tables.has(relation) ? [relation] : []), ...below.flatMap(tablesOf)];
}

/** The indexes that are used, each with what of it is looked up. */
export function lookUps(plan: Plan): string[] {
  const { 'Index Name': index, 'Index Cond': condition = '', Plans: below = [] } = plan;
  return [...(index ? [`${index} ${condition}`] : []), ...below.flatMap(lookUps)];
}

type Explained = { 'QUERY PLAN': readonly { readonly Plan: Plan }[] };

const planOf = (rows: readonly Explained[]) => rows[0]!['QUERY PLAN'][0]!.Plan;

/** The plan made for these values, and the one that the server keeps for any. */
export async function plansOf(database: Database, { text, values }: Statement): Promise<Plan[]> {
  const given = await database.query<Explained>({ text: `EXPLAIN (FORMAT JSON) ${text}`, values });
  const kept = await database.transaction(async (tx) => {
    const name = fresh('explained').replace('-', '_');
    await tx.exec(`SET LOCAL plan_cache_mode = force_generic_plan; PREPARE ${name} AS ${text}`);
    const nothing = values.length > 0 ? `(${values.map(() => 'NULL').join()})` : '';
    const rows = await tx.query<Explained>({
      text: `EXPLAIN (FORMAT JSON) EXECUTE ${name}${nothing}`,
      values: [],
    });
    await tx.exec(`DEALLOCATE ${name}`);
    return rows;
  });
  return [planOf(given), planOf(kept)];
}
