// Live streams of the log: changes of events, statuses and progress, resumed across connections without a gap or a repeat.
import type { Connection } from '../connection/connection.ts';
import { isAfter } from '../connection/positions.ts';
import {
  EventFeedDocument,
  type EventFeedSubscription,
  type EventFeedSubscriptionVariables,
  EventProgressDocument,
  type EventProgressSubscription,
  EventsDocument,
  type EventsQuery,
  EventStatusDocument,
  type EventStatusSubscription,
  PositionDocument,
} from '../../../generated/client/graphql.ts';
import { iterate } from './iterate.ts';
import { resume, type StreamState } from './resume.ts';

/** A change of an event. `position` is null for a transient event. */
export type EventChange = EventFeedSubscription['eventFeed'];
/** Progress of work on an event, from 0 to 100. */
export type EventProgress = EventProgressSubscription['eventProgress'];

export interface StreamOptions {
  /** Ends the iteration, without an error. */
  readonly signal?: AbortSignal;
  /** Called when the connection changes. */
  readonly onState?: (state: StreamState) => void;
}

export interface WatchOptions extends StreamOptions {
  /** Which events to follow. Default: all. */
  readonly filter?: EventFeedSubscriptionVariables['filter'];
  /** A CEL expression that events must match, such as `data.total > 100`. */
  readonly where?: string;
  /** Only changes of these kinds. Default: all. */
  readonly kinds?: EventFeedSubscriptionVariables['kinds'];
  /** Start after this position. Default: at the end of the log when `watch` is called. */
  readonly after?: string;
  /** Whether events have their payload. Default: true. */
  readonly payload?: boolean;
}

/** Either events or a request. */
export type StatusTarget = { readonly ids: readonly string[] } | { readonly requestId: string };
export type StatusOptions = StatusTarget & StreamOptions & { readonly payload?: boolean };

export interface ProgressOptions extends StreamOptions {
  readonly ids?: readonly string[];
  readonly requestId?: string;
  /** Topic patterns, such as `render.*`. */
  readonly topics?: readonly string[];
}

export function watch(
  connection: Connection,
  options: WatchOptions = {},
): AsyncIterableIterator<EventChange> {
  const { signal, onState, after, ...variables } = options;
  const start = after === undefined ? endOfLog(connection, signal) : Promise.resolve(after);
  start.catch(() => {});
  return iterate(async function* (ending) {
    let position = await start;
    const open = (onOpen: () => void) =>
      connection.stream<EventFeedSubscription>(
        EventFeedDocument,
        { ...variables, after: position },
        { signal: ending, onOpen },
      );
    for await (const { eventFeed: change } of resume({
      signal: ending,
      onState,
      open,
      renew: () => connection.renew(),
    })) {
      position = change.position ?? position;
      yield change;
    }
  }, signal);
}

/** The current statuses, oldest event first, then every change. */
export function watchStatus(
  connection: Connection,
  options: StatusOptions,
): AsyncIterableIterator<EventChange> {
  const { signal, onState, payload = true, ...target } = options;
  return iterate(async function* (ending) {
    const start = await endOfLog(connection, ending);
    // Events that changed while the list was read: the stream repeats what the list has shown.
    const shown = new Map<string, string>();
    for await (const change of currentStatuses(connection, { target, payload, signal: ending })) {
      if (change.position && isAfter(change.position, start)) shown.set(change.event.id, change.position);
      yield change;
    }
    let position = start;
    const open = (onOpen: () => void) =>
      connection.stream<EventStatusSubscription>(
        EventStatusDocument,
        { ...target, payload, after: position },
        { signal: ending, onOpen },
      );
    for await (const { eventStatus: change } of resume({
      signal: ending,
      onState,
      open,
      renew: () => connection.renew(),
    })) {
      position = change.position ?? position;
      const last = shown.get(change.event.id);
      if (last === undefined || !change.position || isAfter(change.position, last)) yield change;
    }
  }, signal);
}

/** Progress is not stored: what is reported while the connection is away is not seen. */
export function watchProgress(
  connection: Connection,
  options: ProgressOptions = {},
): AsyncIterableIterator<EventProgress> {
  const { signal, onState, ...variables } = options;
  return iterate(async function* (ending) {
    const open = (onOpen: () => void) =>
      connection.stream<EventProgressSubscription>(EventProgressDocument, variables, {
        signal: ending,
        onOpen,
      });
    for await (const { eventProgress } of resume({
      signal: ending,
      onState,
      open,
      renew: () => connection.renew(),
    }))
      yield eventProgress;
  }, signal);
}

async function endOfLog(connection: Connection, signal: AbortSignal | undefined): Promise<string> {
  const { position } = await connection.request(PositionDocument, {}, { signal, retryForMs: Infinity });
  return position;
}

interface CurrentParts {
  readonly target: StatusTarget;
  readonly payload: boolean;
  readonly signal: AbortSignal;
}

async function* currentStatuses(
  connection: Connection,
  { target, payload, signal }: CurrentParts,
): AsyncGenerator<EventChange> {
  const filter = 'ids' in target ? { ids: target.ids } : { requestIds: [target.requestId] };
  const orderBy = { by: 'CREATED', direction: 'ASC' } as const;
  let after: string | null = null;
  do {
    const { events }: EventsQuery = await connection.request(
      EventsDocument,
      { filter, orderBy, first: 500, after, payload },
      { signal, retryForMs: Infinity },
    );
    for (const event of events.nodes) {
      const { position, status, updatedAt: at } = event;
      yield { position, status, at, kind: 'STATUS', event };
    }
    after = events.pageInfo.hasNextPage ? events.pageInfo.endCursor : null;
  } while (after !== null);
}
