// Progress of work as it is reported: broadcast only, so that a view shows what comes while it is open.
import { useEffect, useRef } from 'react';
import type { EventProgress, ProgressOptions } from '../../client/client.ts';
import { useSession } from '../shell/session.ts';

/** How often progress is given to a view at most, in milliseconds. */
const batchMs = 500;
/** Events whose progress is kept between two batches; that of further ones is dropped. */
const batchLimit = 2_000;

/** The latest progress of each event, by its id. */
export type ProgressBatch = ReadonlyMap<string, EventProgress>;

/** Calls `onBatch` with what was reported of events of these topics (patterns); undefined: of all. */
export function useProgressBatches(
  topics: ProgressOptions['topics'],
  onBatch: (batch: ProgressBatch) => void,
): void {
  const { client } = useSession();
  const receiver = useRef(onBatch);
  receiver.current = onBatch;
  const key = JSON.stringify(topics ?? null);
  useEffect(() => {
    const ending = new AbortController();
    let latest = new Map<string, EventProgress>();
    const timer = setInterval(() => {
      if (latest.size === 0) return;
      receiver.current(latest);
      latest = new Map();
    }, batchMs);
    const asked = JSON.parse(key) as string[] | null;
    const read = async () => {
      const reports = client.progress({ ...(asked && { topics: asked }), signal: ending.signal });
      for await (const progress of reports)
        if (latest.size < batchLimit || latest.has(progress.eventId)) latest.set(progress.eventId, progress);
    };
    // The streams of changes say why the gateway refuses the key.
    read().catch(() => {});
    return () => {
      ending.abort();
      clearInterval(timer);
    };
  }, [client, key]);
}
