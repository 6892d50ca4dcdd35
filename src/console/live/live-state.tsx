// The connection of the live streams, shared by all views: whether one of them is being restored, and the changes of the log.
import { focusManager } from '@tanstack/react-query';
import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import {
  type EventChange,
  isThroughlineError,
  type StreamState,
  type WatchOptions,
} from '../../client/client.ts';
import { useSession } from '../shell/session.ts';

export type LiveStatus = StreamState['status'];

interface LiveState {
  /** True while any stream is reconnecting. Nothing is lost: each resumes after its last position. */
  readonly isReconnecting: boolean;
  /** True while the viewer wants the views to stand still. Changes wait, and come when it is over. */
  readonly isPaused: boolean;
  setPaused(isPaused: boolean): void;
  report(stream: symbol, status: LiveStatus | null): void;
  signedOut(): void;
}

const LiveContext = createContext<LiveState | null>(null);

export function LiveProvider({ children, onSignedOut }: { children: ReactNode; onSignedOut: () => void }) {
  const [reconnecting, setReconnecting] = useState<ReadonlySet<symbol>>(new Set());
  const report = useCallback((stream: symbol, status: LiveStatus | null) => {
    setReconnecting((before) => {
      const isAway = status === 'reconnecting';
      if (before.has(stream) === isAway) return before;
      const after = new Set(before);
      if (isAway) after.add(stream);
      else after.delete(stream);
      return after;
    });
  }, []);
  const latest = useRef(onSignedOut);
  latest.current = onSignedOut;
  const signedOut = useCallback(() => latest.current(), []);
  const [isPaused, setPaused] = useState(false);
  // Queries that are repeated are those of a page that is looked at.
  useEffect(() => {
    focusManager.setFocused(isPaused ? false : undefined);
    return () => focusManager.setFocused(undefined);
  }, [isPaused]);
  const state = useMemo(
    () => ({ isReconnecting: reconnecting.size > 0, isPaused, setPaused, report, signedOut }),
    [reconnecting, isPaused, report, signedOut],
  );
  useConnectionWatch(report, signedOut);
  return <LiveContext value={state}>{children}</LiveContext>;
}

/** No event can have this topic, so that the stream below is silent. */
const silentTopic = 'throughline.console.connection';

/** One stream that is open whatever view is shown, so that each view says when the gateway is away. */
function useConnectionWatch(report: LiveState['report'], signedOut: () => void): void {
  const { client, can } = useSession();
  const isAllowed = can('events:read');
  useEffect(() => {
    if (!isAllowed) return;
    const ending = new AbortController();
    const stream = Symbol('connection');
    const read = async () => {
      const onState = ({ status }: StreamState) => report(stream, status);
      const silent = client.progress({ topics: [silentTopic], signal: ending.signal, onState });
      for await (const _ of silent);
    };
    read().catch((error: unknown) => {
      report(stream, null);
      if (isThroughlineError(error, 'UNAUTHENTICATED')) signedOut();
    });
    return () => {
      ending.abort();
      report(stream, null);
    };
  }, [client, isAllowed, report, signedOut]);
}

export function useLiveState(): LiveState {
  const state = useContext(LiveContext);
  if (!state) throw new Error('There is no LiveProvider above this component.');
  return state;
}

/** How often changes are given to a view at most, in milliseconds: a busy log must not render a thousand times a second. */
const batchMs = 200;
/** Changes beyond this many between two batches are dropped, and the view is told to read anew. */
const batchLimit = 2_000;

export interface ChangeBatch {
  readonly changes: readonly EventChange[];
  /** True where changes were dropped: what the view shows must be read anew. */
  readonly isOverflow: boolean;
}

export interface Watched {
  readonly status: LiveStatus;
  /** Why the stream ended; undefined while it goes on. */
  readonly error: unknown;
}

/**
 * Calls `onBatch` with the changes of the log that the options select, from now on, in order, across reconnects. Options
 * with another JSON text begin another stream; null watches nothing. Payloads are not sent unless asked for.
 */
export function useWatch(
  options: Pick<WatchOptions, 'filter' | 'where' | 'kinds' | 'payload'> | null,
  onBatch: (batch: ChangeBatch) => void,
): Watched {
  const { client } = useSession();
  const { report, signedOut, isPaused } = useLiveState();
  const [watched, setWatched] = useState<Watched>({ status: 'connecting', error: undefined });
  const receiver = useRef(onBatch);
  receiver.current = onBatch;
  const paused = useRef(isPaused);
  paused.current = isPaused;
  const key = JSON.stringify(options);
  useEffect(() => {
    const asked = JSON.parse(key) as typeof options;
    if (asked === null) return;
    const ending = new AbortController();
    const stream = Symbol();
    let changes: EventChange[] = [];
    let isOverflow = false;
    const flush = () => {
      if (paused.current || (changes.length === 0 && !isOverflow)) return;
      const batch = { changes, isOverflow };
      changes = [];
      isOverflow = false;
      receiver.current(batch);
    };
    const timer = setInterval(flush, batchMs);
    const read = async () => {
      const onState = ({ status }: StreamState) => {
        report(stream, status);
        setWatched({ status, error: undefined });
      };
      try {
        for await (const change of client.watch({
          payload: false,
          ...asked,
          signal: ending.signal,
          onState,
        })) {
          if (changes.length < batchLimit) changes.push(change);
          else isOverflow = true;
        }
      } catch (error) {
        if (ending.signal.aborted) return;
        if (isThroughlineError(error, 'UNAUTHENTICATED')) signedOut();
        setWatched(({ status }) => ({ status, error }));
      }
    };
    setWatched({ status: 'connecting', error: undefined });
    void read();
    return () => {
      ending.abort();
      clearInterval(timer);
      report(stream, null);
    };
  }, [client, key, report, signedOut]);
  return watched;
}
