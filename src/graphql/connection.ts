// Relay connections: of events, and of lists in order of creation.
import type { ObjectRef } from '@pothos/core';
import type { PartialEvent } from '../domain/events/event.ts';
import type { Page } from '../domain/events/page.ts';
import type { Count } from '../operations/operations.ts';
import { builder, type SchemaTypes } from './builder.ts';
import { Event } from './event/event.ts';
import { totalCount, totalIsExact } from './wording.ts';

/** A page, and the count of the whole list, which runs only if selected. */
export interface EventPage {
  readonly page: Page<PartialEvent>;
  readonly count: () => Promise<Count>;
}

export const PageInfo = builder.objectRef<Page<unknown>>('PageInfo').implement({
  description: 'The position of a page in its list.',
  fields: (t) => ({
    hasNextPage: t.exposeBoolean('hasNextPage', { description: 'Whether there are items after this page.' }),
    hasPreviousPage: t.exposeBoolean('hasPreviousPage', {
      description: 'Whether there are items before this page.',
    }),
    startCursor: t.exposeString('startCursor', {
      nullable: true,
      description: 'The `before` argument of the previous page; null if this page is empty.',
    }),
    endCursor: t.exposeString('endCursor', {
      nullable: true,
      description:
        'The `after` argument of the next page. Not null on an empty page if the scan limit was reached: continue from here.',
    }),
  }),
});

/** The connection of a list in order of creation. `one` and `many` name its items in descriptions. */
export function connectionOf<Row extends object>(
  type: ObjectRef<PothosSchemaTypes.ExtendDefaultTypes<SchemaTypes>, Row>,
  one: string,
  many: string,
) {
  const Edge = builder
    .objectRef<{ readonly cursor: string; readonly row: Row }>(`${type.name}Edge`)
    .implement({
      description: `A ${one} and its cursor.`,
      fields: (t) => ({
        cursor: t.exposeString('cursor', { description: 'An opaque cursor for `after`.' }),
        // The compiler does not know that a Row is not a list.
        node: t.field({ type, description: `The ${one}.`, resolve: ({ row }) => row as never }),
      }),
    });
  return builder.objectRef<Page<Row>>(`${type.name}Connection`).implement({
    description: `A page of a list of ${many}.`,
    fields: (t) => ({
      edges: t.field({
        type: [Edge],
        description: `The ${many} with their cursors.`,
        resolve: ({ rows }) => rows,
      }),
      nodes: t.field({
        type: [type],
        description: `The ${many}.`,
        resolve: ({ rows }) => rows.map(({ row }) => row),
      }),
      pageInfo: t.field({
        type: PageInfo,
        description: 'The position of the page in the list.',
        resolve: (page) => page,
      }),
    }),
  });
}

const EventEdge = builder
  .objectRef<{ readonly cursor: string; readonly row: PartialEvent }>('EventEdge')
  .implement({
    description: 'An event and its cursor.',
    fields: (t) => ({
      cursor: t.exposeString('cursor', {
        description: 'An opaque cursor for `after` and `before`, valid for lists of the same order.',
      }),
      node: t.field({ type: Event, description: 'The event.', resolve: ({ row }) => row }),
    }),
  });

export const EventConnection = builder.objectRef<EventPage>('EventConnection').implement({
  description: 'A page of a list of events.',
  fields: (t) => ({
    edges: t.field({
      type: [EventEdge],
      description: 'The events with their cursors.',
      resolve: ({ page }) => page.rows,
    }),
    nodes: t.field({
      type: [Event],
      description: 'The events.',
      resolve: ({ page }) => page.rows.map(({ row }) => row),
    }),
    pageInfo: t.field({
      type: PageInfo,
      description: 'The position of the page in the list.',
      resolve: ({ page }) => page,
    }),
    totalCount: t.int({ description: totalCount, resolve: async ({ count }) => (await count()).count }),
    totalIsExact: t.boolean({
      description: totalIsExact,
      resolve: async ({ count }) => (await count()).exact,
    }),
  }),
});
