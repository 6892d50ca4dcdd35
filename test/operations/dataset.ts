// Random sets of events in the database, and plain answers in memory to queries over them.
import type { SendInput } from '../../src/domain/events/send.ts';
import fc from 'fast-check';
import { type EventRecord, type EventStatus, eventStatuses } from '../../src/domain/events/event.ts';
import { checkFilter, type EventFilter } from '../../src/domain/conditions/event-filter.ts';
import { type CheckedFilter, filterMatches } from '../../src/domain/conditions/checked-filter.ts';
import type { Direction, OrderKey } from '../../src/domain/events/page.ts';
import { allFields, type Composed, tester } from '../support/gateway.ts';

export interface Row extends EventRecord {
  /** What orders lists within one moment. */
  readonly createdPosition: bigint;
}

const topics = ['order.paid', 'order.line.added', 'Order', 'order_paid', 'orderXpaid', 'x'] as const;
const names = ['ann', 'Ann', 'a%n', 'a_n', 'a\\n', 'Ümit'] as const;
const descriptions = [
  '',
  '50% off',
  '50 off',
  'C:\\temp',
  'ORDER paid',
  'Große_Üb',
  'two\nlines',
  '%',
  '\\',
] as const;
const projects = ['p', 'q'] as const;

export interface RowPlan {
  readonly topic: string;
  readonly project: string | null;
  readonly user: string | null;
  readonly sender: string | null;
  readonly description: string;
  readonly status: EventStatus;
  readonly requestId: string;
  /** An event before it, counted back. */
  readonly parent: number | null;
  /** Of its creation. */
  readonly second: number;
}

export const row: fc.Arbitrary<RowPlan> = fc.record({
  topic: fc.constantFrom(...topics),
  project: fc.option(fc.constantFrom(...projects)),
  user: fc.option(fc.constantFrom(...names)),
  sender: fc.option(fc.constantFrom(...names)),
  description: fc.constantFrom(...descriptions),
  status: fc.constantFrom<EventStatus>(...eventStatuses),
  requestId: fc.constantFrom('r1', 'r2', 'r3'),
  parent: fc.option(fc.nat(10)),
  second: fc.nat(5),
});

const some = <T>(...items: T[]) => fc.uniqueArray(fc.constantFrom(...items), { maxLength: 3 });
const at = (second: number) => new Date(Date.UTC(2025, 0, 1) + second * 1000);
const time = fc
  .integer({ min: -1, max: 6 })
  .chain((second) => fc.constantFrom(-1, 0, 1).map((ms) => new Date(at(second).getTime() + ms)));

/** Filters without ids, which are known only once there are events. */
export const filter: fc.Arbitrary<EventFilter> = fc.record(
  {
    topics: some(
      'order.paid',
      'order.*',
      '*',
      '*paid',
      'o*r*d',
      'order_paid',
      'order_*',
      '*.line.*',
      '*X*',
      'nothing',
      'Order',
    ),
    projects: some<string>(...projects, 'none'),
    users: some<string>(...names, 'none'),
    senders: some<string>(...names, 'none'),
    statuses: some<EventStatus>(...eventStatuses),
    requestIds: some('r1', 'r2', 'none'),
    hasDependents: fc.boolean(),
    createdAfter: time,
    createdBefore: time,
    text: fc.constantFrom(
      '%',
      '_',
      '\\',
      'ORDER',
      'order paid',
      '50% off',
      'a_n',
      'A%N',
      'üm',
      'GROSSE',
      'große_ü',
      'line two',
      ' ',
      'nothing',
      'temp c:',
    ),
  },
  { requiredKeys: [] },
);

/** Writes them through the gateway, and sets their times of creation. */
export async function write(gateway: Composed, plans: readonly RowPlan[]): Promise<Row[]> {
  const ids: string[] = [];
  for (const { parent, status, second: _, ...content } of plans) {
    const dependsOn = parent === null ? undefined : ids.at(-1 - parent);
    const finished = status === 'FINISHED';
    ids.push(await gateway.send({ ...content, finished, ...(dependsOn && { dependsOn }) }));
  }
  const text = `UPDATE events SET created_at = t.at, status = t.status FROM
    unnest($1::uuid[], $2::timestamptz[], $3::event_status[]) AS t(id, at, status) WHERE events.id = t.id`;
  const values = [ids, plans.map(({ second }) => at(second)), plans.map(({ status }) => status)];
  await gateway.database.query({ text, values });
  return read(gateway, ids);
}

export async function read({ database, operations }: Composed, ids: readonly string[]): Promise<Row[]> {
  const events = await operations.eventsByIds(ids, allFields);
  const text = 'SELECT id, created_position FROM events WHERE id = ANY($1::uuid[])';
  const places = await database.query<{ id: string; created_position: bigint }>({ text, values: [ids] });
  const placeOf = new Map(places.map(({ id, created_position }) => [id, created_position]));
  return [...events.values()].map((event) => ({
    ...(event as EventRecord),
    createdPosition: placeOf.get(event.id)!,
  }));
}

/** What `filter` selects of `rows`, condition by condition. */
export function select(rows: readonly Row[], filter: EventFilter): Row[] {
  const parents = new Set(rows.map(({ dependsOnId }) => dependsOnId));
  const { hasDependents, ...others } = filter;
  return rows.filter(
    (row) => isSelected(row, others) && (hasDependents == null || parents.has(row.id) === hasDependents),
  );
}

function isSelected(row: Row, filter: EventFilter): boolean {
  const among = (list: readonly string[] | null | undefined, value: string | null) =>
    list == null || (value !== null && list.includes(value));
  const like = (pattern: string) =>
    new RegExp(
      `^${pattern
        .split('*')
        .map((part) => part.replace(/[.\\]/g, '\\$&'))
        .join('.*')}$`,
    );
  const texts = [row.topic, row.project, row.user, row.sender, row.description].map((text) =>
    (text ?? '').toLowerCase(),
  );
  const words = (filter.text ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  return (
    among(filter.ids, row.id) &&
    among(filter.projects, row.project) &&
    among(filter.users, row.user) &&
    among(filter.senders, row.sender) &&
    among(filter.statuses, row.status) &&
    among(filter.requestIds, row.requestId) &&
    (filter.topics == null || filter.topics.some((pattern) => like(pattern).test(row.topic))) &&
    (filter.createdAfter == null || row.createdAt.getTime() > filter.createdAfter.getTime()) &&
    (filter.createdBefore == null || row.createdAt.getTime() < filter.createdBefore.getTime()) &&
    words.every((word) => texts.some((text) => text.includes(word)))
  );
}

/** The same by the rules that feeds go by, which know nothing of dependents. */
export function selectByFeed(rows: readonly Row[], filter: EventFilter): Row[] {
  const checked: CheckedFilter = checkFilter({ ...filter, hasDependents: null });
  return rows.filter((row) => filterMatches(checked, row));
}

export function inOrder(rows: readonly Row[], by: OrderKey, direction: Direction): Row[] {
  const sign = direction === 'ASC' ? 1 : -1;
  return rows.toSorted((a, b) => {
    const time = by === 'CREATED' ? a.createdAt.getTime() - b.createdAt.getTime() : 0;
    const place = by === 'CREATED' ? a.createdPosition - b.createdPosition : a.position! - b.position!;
    return sign * (time || Number(place));
  });
}

/** Ids of a list of the gateway's, as far as one page goes. */
export async function listIds(
  gateway: Composed,
  filter: EventFilter | null,
  by: OrderKey = 'CREATED',
  direction: Direction = 'ASC',
): Promise<string[]> {
  const { rows } = await gateway.operations.listEvents(filter, { by, direction }, { first: 1000 }, []);
  return rows.map(({ row }) => row.id);
}

export const idsOf = (rows: readonly { readonly id: string }[]) => rows.map(({ id }) => id);
export const orders = (['CREATED', 'UPDATED'] as const).flatMap((by) =>
  (['ASC', 'DESC'] as const).map((direction) => ({ by, direction })),
);

/** Empties what it can without the locks that TRUNCATE takes. */
export async function clear({ database }: Composed): Promise<void> {
  await database.query({ text: 'WITH l AS (DELETE FROM log) DELETE FROM events', values: [] });
}

export const sendAsTester = (gateway: Composed, topic: string, input: Omit<SendInput, 'topic'> = {}) =>
  gateway.operations.sendEvent(tester, { ...input, topic });
