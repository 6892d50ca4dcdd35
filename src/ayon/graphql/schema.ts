// AYON's GraphQL schema: one query, `events`.
import SchemaBuilder from '@pothos/core';
import type { EventField, PartialEvent } from '../../domain/events/event.ts';
import { readsColumns, selectedEventFields } from '../../graphql/selection/selected-fields.ts';
import { hashOf } from '../events/event-body.ts';
import type { AyonRequest } from '../request.ts';
import { hexOfId, statusName, timeText } from '../values.ts';
import { filterOf, type ListArguments, pageOf } from './list-arguments.ts';

interface Edge {
  readonly cursor: string;
  readonly node: PartialEvent;
}

interface PageInfo {
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  readonly startCursor: string | null;
  readonly endCursor: string | null;
}

interface Connection {
  readonly edges: readonly Edge[];
  readonly pageInfo: PageInfo;
}

interface SchemaTypes {
  Context: AyonRequest;
  DefaultFieldNullability: false;
}

/** The types of a plugin that our own schema uses ask every builder for its options; this one does without. */
const options = { defaultFieldNullability: false } as ConstructorParameters<
  typeof SchemaBuilder<SchemaTypes>
>[0];
const builder = new SchemaBuilder<SchemaTypes>(options);

type TextOf = (event: PartialEvent) => string | null;

const texts: Readonly<Record<string, readonly [EventField | 'id', TextOf]>> = {
  id: ['id', ({ id }) => hexOfId(id)],
  hash: ['hash', hashOf],
  topic: ['topic', ({ topic = '' }) => topic],
  status: ['status', ({ status = 'PENDING' }) => statusName(status)],
  description: ['description', ({ description = '' }) => description],
  summary: ['summary', ({ summary = {} }) => JSON.stringify(summary)],
  createdAt: ['createdAt', ({ createdAt }) => timeText(createdAt ?? new Date(0))],
  updatedAt: ['updatedAt', ({ updatedAt }) => timeText(updatedAt ?? new Date(0))],
};

const nullableTexts: typeof texts = {
  project: ['project', ({ project = null }) => project],
  user: ['user', ({ user = null }) => user],
  sender: ['sender', ({ sender = null }) => sender],
  dependsOn: ['dependsOnId', ({ dependsOnId = null }) => dependsOnId && hexOfId(dependsOnId)],
  payload: ['payload', ({ payload = {} }) => JSON.stringify(payload)],
};

const EventNode = builder.objectRef<PartialEvent>('EventNode').implement({
  description: 'An event. `summary` and `payload` are JSON texts.',
  fields: (t) => ({
    ...Object.fromEntries(
      Object.entries(texts).map(([name, [column, resolve]]) => [
        name,
        t.string({ extensions: readsColumns(column), resolve: (event) => resolve(event) ?? '' }),
      ]),
    ),
    ...Object.fromEntries(
      Object.entries(nullableTexts).map(([name, [column, resolve]]) => [
        name,
        t.string({ nullable: true, extensions: readsColumns(column), resolve }),
      ]),
    ),
    retries: t.int({ extensions: readsColumns('retries'), resolve: ({ retries = 0 }) => retries }),
    data: t.string({ nullable: true, resolve: () => null }),
  }),
});

const EventEdge = builder.objectRef<Edge>('EventEdge').implement({
  fields: (t) => ({
    cursor: t.exposeString('cursor'),
    node: t.expose('node', { type: EventNode }),
  }),
});

const PageInfoType = builder.objectRef<PageInfo>('PageInfo').implement({
  fields: (t) => ({
    hasNextPage: t.exposeBoolean('hasNextPage'),
    hasPreviousPage: t.exposeBoolean('hasPreviousPage'),
    startCursor: t.exposeString('startCursor', { nullable: true }),
    endCursor: t.exposeString('endCursor', { nullable: true }),
  }),
});

const EventsConnection = builder.objectRef<Connection>('EventsConnection').implement({
  fields: (t) => ({
    edges: t.expose('edges', { type: [EventEdge] }),
    pageInfo: t.expose('pageInfo', { type: PageInfoType }),
  }),
});

builder.queryType({
  fields: (t) => ({
    events: t.field({
      type: EventsConnection,
      description: 'Events, oldest first; with `last`, newest first.',
      args: {
        ids: t.arg.stringList(),
        topics: t.arg.stringList({ description: 'A `*` is any run of characters.' }),
        projects: t.arg.stringList(),
        users: t.arg.stringList(),
        statuses: t.arg.stringList(),
        states: t.arg.stringList({ deprecationReason: 'Use statuses.' }),
        hasChildren: t.arg.boolean(),
        includeLogs: t.arg.boolean({ description: 'Whether `log.*` is listed if no topics are given.' }),
        newerThan: t.arg.string({ description: 'ISO 8601; exclusive.' }),
        olderThan: t.arg.string({ description: 'ISO 8601; exclusive.' }),
        filter: t.arg.string({ description: 'Words in topic, project, user or description.' }),
        first: t.arg.int(),
        last: t.arg.int(),
        after: t.arg.string(),
        before: t.arg.string(),
      },
      resolve: (_root, args, request, info) => list(request, args, selectedEventFields(info)),
    }),
  }),
});

/**
 * The next page by `last` is requested with `before`. Clients up to 1.2.22 pass startCursor, newer ones endCursor: both
 * are that of the oldest event.
 */
async function list(
  { caller, operations }: AyonRequest,
  args: ListArguments,
  fields: readonly EventField[],
): Promise<Connection> {
  const { direction, page, isBackwards } = pageOf(args);
  const order = { by: 'CREATED', direction } as const;
  const { rows, ...ends } = await operations.listEvents(filterOf(args), order, page, fields, caller);
  const edges = rows.map(({ cursor, row }) => ({ cursor, node: row }));
  const { hasNextPage, hasPreviousPage, startCursor, endCursor } = ends;
  const pageInfo = isBackwards
    ? {
        hasNextPage: hasPreviousPage,
        hasPreviousPage: hasNextPage,
        startCursor: endCursor,
        endCursor,
      }
    : { hasNextPage, hasPreviousPage, startCursor, endCursor };
  return { edges, pageInfo };
}

export const ayonSchema = builder.toSchema();
