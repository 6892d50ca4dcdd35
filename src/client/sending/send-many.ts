// Sending a stream of events in batches, with a result per event.
import type { Connection } from '../connection/connection.ts';
import { backoffMs, pause } from '../connection/backoff.ts';
import type { ThroughlineError } from '../errors.ts';
import { errorOf, isTemporary } from '../errors.ts';
import { iterate } from '../watching/iterate.ts';
import {
  SendEventsDocument,
  type SendEventInput,
  type SendEventsMutation,
} from '../../../generated/client/graphql.ts';
import { batchesOf } from './batches.ts';
import { sendRetryMs, withHash } from './send.ts';

export interface SendManyOptions {
  /** Events per request, 1 to 5,000. Default: 500. */
  readonly batchSize?: number;
  /** How long an event waits for others to share its request, in milliseconds. Default: 10. */
  readonly waitMs?: number;
  /** Requests at once. Default: 1, which keeps the order of the events in the log; with more, batches may change places. */
  readonly concurrency?: number;
  /** How long a batch is repeated while the gateway is away, in milliseconds. Default: 30,000. */
  readonly retryForMs?: number;
  /** Ends the iteration. Events whose results were not seen may have been sent. */
  readonly signal?: AbortSignal;
}

/** The result of one event: `id` if it was sent, else `error`. */
export interface SendResult {
  /** The index of the event in the input, from 0. */
  readonly index: number;
  readonly id?: string;
  readonly position?: string | null;
  readonly requestId?: string;
  /** Whether an event with its `hash` existed. */
  readonly duplicate: boolean;
  readonly error?: ThroughlineError;
}

/** The size of a batch as JSON text, in characters. */
const batchBytes = 4_000_000;

/**
 * Yields results in input order. Reads the input no faster than results are taken: at most `concurrency` batches are
 * in flight. Throws what fails as a whole, such as UNAUTHENTICATED.
 */
export function sendMany(
  connection: Connection,
  events: Iterable<SendEventInput> | AsyncIterable<SendEventInput>,
  options: SendManyOptions = {},
): AsyncIterableIterator<SendResult> {
  const { batchSize = 500, waitMs = 10, concurrency = 1, retryForMs = sendRetryMs } = options;
  return iterate(async function* (signal) {
    const batches = batchesOf(events, { items: batchSize, bytes: batchBytes, waitMs, sizeOf });
    const inFlight: Promise<SendResult[]>[] = [];
    let next: Promise<IteratorResult<SendEventInput[]>> | undefined;
    let isRead = false;
    let index = 0;
    try {
      while (!isRead || inFlight.length > 0) {
        if (!isRead && inFlight.length < concurrency) next ??= batches.next();
        const first = await Promise.race([next, inFlight[0]].filter((waiting) => waiting !== undefined));
        if (Array.isArray(first)) {
          void inFlight.shift();
          yield* first;
          continue;
        }
        next = undefined;
        isRead = first.done ?? false;
        if (first.done) continue;
        const sending = sendBatch(connection, first.value, { from: index, signal, retryForMs });
        // Looked at when it is the oldest.
        sending.catch(() => {});
        inFlight.push(sending);
        index += first.value.length;
      }
    } finally {
      void batches.return(undefined);
    }
  }, options.signal);
}

function sizeOf(event: SendEventInput): number {
  return JSON.stringify(event).length;
}

interface BatchOptions {
  /** The index of the batch's first event. */
  readonly from: number;
  readonly signal: AbortSignal;
  readonly retryForMs: number;
}

async function sendBatch(
  connection: Connection,
  events: readonly SendEventInput[],
  { from, signal, retryForMs }: BatchOptions,
): Promise<SendResult[]> {
  const results: SendResult[] = [];
  const retryUntil = Date.now() + retryForMs;
  let waiting = events.map((event, index) => ({
    index,
    input: withHash(event),
    hasHash: event.hash != null,
  }));
  for (let failures = 1; waiting.length > 0; failures += 1) {
    const input = waiting.map((item) => item.input);
    const options = { signal, retryForMs: Math.max(0, retryUntil - Date.now()) };
    const { sendEvents } = await connection.request(SendEventsDocument, { input }, options);
    const again: typeof waiting = [];
    const waitMs = backoffMs(failures);
    const outcomes = outcomesOf(sendEvents);
    waiting.forEach((item, index) => {
      const outcome = outcomes(index);
      const isRepeated = isTemporary(outcome.error) && Date.now() + waitMs <= retryUntil;
      if (isRepeated) again.push(item);
      // With a random hash the existing event is this one, sent by an earlier attempt.
      else
        results[item.index] = {
          ...outcome,
          index: from + item.index,
          duplicate: outcome.duplicate && item.hasHash,
        };
    });
    waiting = again;
    if (waiting.length > 0) await pause(waitMs, signal);
  }
  return results;
}

function outcomesOf({ events, duplicates, errors }: SendEventsMutation['sendEvents']) {
  const duplicate = new Set(duplicates);
  const failed = new Map(errors.map((error) => [error.index, error]));
  return (index: number): Omit<SendResult, 'index'> => {
    const error = failed.get(index);
    if (error) {
      const { code, message, extensions } = error;
      return { duplicate: false, error: errorOf({ message, extensions: { ...extensions, code } }) };
    }
    return { ...events[index], duplicate: duplicate.has(index) };
  };
}
