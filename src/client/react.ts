// Hooks for React: the live streams of a client as state of a component.
import { createContext, createElement, type ReactNode, useContext, useEffect, useState } from 'react';
import type { Client, EventChange, EventProgress, StreamState, WatchOptions } from './client.ts';

const ClientContext = createContext<Client | null>(null);

/** Provides the hooks below with a client. */
export function ThroughlineProvider({ client, children }: { client: Client; children?: ReactNode }) {
  return createElement(ClientContext.Provider, { value: client }, children);
}

/** The client of the nearest provider. */
export function useClient(): Client {
  const client = useContext(ClientContext);
  if (!client)
    throw new Error('There is no client: put <ThroughlineProvider client={…}> above the component.');
  return client;
}

export type LiveEvent = EventChange['event'];

export interface Live<Data> {
  readonly data: Data;
  /** Why the stream ended, such as a ThroughlineError; undefined while it is open. */
  readonly error: unknown;
  readonly status: StreamState['status'];
}

interface Stream<Item, Data> {
  /** Another key begins another stream. */
  readonly key: string;
  readonly initial: Data;
  open(
    client: Client,
    options: { signal: AbortSignal; onState: (state: StreamState) => void },
  ): AsyncIterable<Item>;
  reduce(data: Data, item: Item): Data;
}

/** Resumes like the stream itself; ends with the component. */
function useStream<Item, Data>({ key, initial, open, reduce }: Stream<Item, Data>): Live<Data> {
  const client = useClient();
  const empty: Live<Data> & { key: string } = { key, data: initial, error: undefined, status: 'connecting' };
  const [live, setLive] = useState(empty);
  useEffect(() => {
    const ending = new AbortController();
    const { signal } = ending;
    setLive(empty);
    const change = (next: (before: Live<Data>) => Partial<Live<Data>>) => {
      if (!signal.aborted) setLive((before) => ({ ...before, ...next(before) }));
    };
    const read = async () => {
      try {
        const items = open(client, { signal, onState: ({ status }) => change(() => ({ status })) });
        for await (const item of items) change(({ data }) => ({ data: reduce(data, item) }));
      } catch (error) {
        change(() => ({ error }));
      }
    };
    void read();
    return () => ending.abort();
    // The functions are the same for the same key.
  }, [client, key]);
  // The state of another key is not shown, not even for one render.
  return live.key === key ? live : empty;
}

/** One event, as it changes; null until it is known. */
export function useEvent(id: string): Live<LiveEvent | null> {
  return useStream<EventChange, LiveEvent | null>({
    key: id,
    initial: null,
    open: (client, options) => client.status({ ids: [id], ...options }),
    reduce: (_before, { event }) => event,
  });
}

/** The events of a request, in the order in which they appeared, as they change. */
export function useChain(requestId: string): Live<readonly LiveEvent[]> {
  return useStream<EventChange, readonly LiveEvent[]>({
    key: requestId,
    initial: [],
    open: (client, options) => client.status({ requestId, ...options }),
    reduce: (events, { kind, event }) => {
      const others = events.filter(({ id }) => id !== event.id);
      if (kind === 'DELETED') return others;
      return others.length === events.length
        ? [...events, event]
        : events.map((known) => (known.id === event.id ? event : known));
    },
  });
}

/** The latest changes of the selected events, newest first; at most `limit`, 100 by default. */
export function useLive(
  options: Omit<WatchOptions, 'signal' | 'onState'> & { readonly limit?: number } = {},
): Live<readonly EventChange[]> {
  const { limit = 100, ...selection } = options;
  return useStream<EventChange, readonly EventChange[]>({
    key: JSON.stringify(options),
    initial: [],
    open: (client, given) => client.watch({ ...selection, ...given }),
    reduce: (changes, change) => [change, ...changes].slice(0, limit),
  });
}

/** The latest progress of an event; null until some is reported. */
export function useProgress(id: string): Live<EventProgress | null> {
  return useStream<EventProgress, EventProgress | null>({
    key: id,
    initial: null,
    open: (client, options) => client.progress({ ids: [id], ...options }),
    reduce: (_before, progress) => progress,
  });
}
