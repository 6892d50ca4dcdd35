// Pages of events in Relay's form.
import type { PartialEvent } from '../domain/event.ts';
import type { Page } from '../domain/page.ts';
import type { Count } from '../operations/operations.ts';
import { builder } from './builder.ts';
import { Event } from './event.ts';
import { totalCount, totalIsExact } from './wording.ts';

/** A page, and the count of all that it is a page of, which is taken only when asked for. */
export interface EventPage {
  readonly page: Page<PartialEvent>;
  readonly count: () => Promise<Count>;
}

export const PageInfo = builder.objectRef<Page<unknown>>('PageInfo').implement({
  description: 'Where a page lies in its list.',
  fields: (t) => ({
    hasNextPage: t.exposeBoolean('hasNextPage', { description: 'Whether more follows the page.' }),
    hasPreviousPage: t.exposeBoolean('hasPreviousPage', {
      description: 'Whether anything precedes the page.',
    }),
    startCursor: t.exposeString('startCursor', {
      nullable: true,
      description: 'For `before`, to get the page before this one; null if this page is empty.',
    }),
    endCursor: t.exposeString('endCursor', {
      nullable: true,
      description: 'For `after`, to get the page after this one; null where there is nothing to go on from.',
    }),
  }),
});

const EventEdge = builder
  .objectRef<{ readonly cursor: string; readonly row: PartialEvent }>('EventEdge')
  .implement({
    description: 'An event and its place in the list.',
    fields: (t) => ({
      cursor: t.exposeString('cursor', {
        description: 'Its place, for `after` and `before`. Opaque; valid for lists of the same order.',
      }),
      node: t.field({ type: Event, description: 'The event.', resolve: ({ row }) => row }),
    }),
  });

/** Of `events` and `dependents`. */
export const EventConnection = builder.objectRef<EventPage>('EventConnection').implement({
  description: 'A page of a list of events.',
  fields: (t) => ({
    edges: t.field({
      type: [EventEdge],
      description: 'The events, each with its cursor.',
      resolve: ({ page }) => page.rows,
    }),
    nodes: t.field({
      type: [Event],
      description: 'The events without their cursors.',
      resolve: ({ page }) => page.rows.map(({ row }) => row),
    }),
    pageInfo: t.field({ type: PageInfo, description: 'Where the page lies.', resolve: ({ page }) => page }),
    totalCount: t.int({ description: totalCount, resolve: async ({ count }) => (await count()).count }),
    totalIsExact: t.boolean({
      description: totalIsExact,
      resolve: async ({ count }) => (await count()).exact,
    }),
  }),
});
