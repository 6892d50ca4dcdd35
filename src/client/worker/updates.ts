// Changes of jobs, written in batches: those that arrive while a request is in flight travel with the next one.
import type { Connection } from '../connection/connection.ts';
import { backoffMs, pause } from '../connection/backoff.ts';
import { errorOf, isTemporary } from '../errors.ts';
import { UpdateEventsDocument, type UpdateEventInput } from '../../../generated/client/graphql.ts';

interface Waiting {
  readonly input: UpdateEventInput;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Changes in one request. */
const batchItems = 500;
/** The size of a batch as JSON text, in characters. */
const batchBytes = 4_000_000;

export class Updates {
  readonly #connection: Connection;
  readonly #signal: AbortSignal;
  readonly #onError: (error: unknown) => void;
  #waiting: Waiting[] = [];
  #isWriting = false;

  /** Aborting the signal ends repeated attempts. */
  constructor(connection: Connection, signal: AbortSignal, onError: (error: unknown) => void) {
    this.#connection = connection;
    this.#signal = signal;
    this.#onError = onError;
  }

  /** Repeated while the gateway is away. Rejects if the gateway refuses the change. */
  write(input: UpdateEventInput): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ input, resolve, reject });
      if (!this.#isWriting) void this.#writeAll();
    });
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    // What ends in the same turn of the event loop shares a request.
    await pause(0);
    for (let failures = 0; this.#waiting.length > 0;) {
      const batch = this.#nextBatch();
      try {
        const input = batch.map((waiting) => waiting.input);
        const { updateEvents } = await this.#connection.request(
          UpdateEventsDocument,
          { input },
          { signal: this.#signal },
        );
        const again = settle(batch, updateEvents.errors);
        this.#waiting.unshift(...again);
        failures = again.length > 0 ? failures + 1 : 0;
      } catch (error) {
        failures += 1;
        if (isTemporary(error) && !this.#signal.aborted) this.#waiting.unshift(...batch);
        else if (batch.length === 1 || this.#signal.aborted) for (const { reject } of batch) reject(error);
        // A batch that is refused as a whole has an item that is at fault.
        else await this.#writeOneByOne(batch);
        if (!this.#signal.aborted) this.#onError(error);
      }
      if (failures > 0) await pause(backoffMs(failures), this.#signal);
    }
    this.#isWriting = false;
  }

  #nextBatch(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const { input } of this.#waiting) {
      bytes += JSON.stringify(input).length;
      if (count > 0 && (count === batchItems || bytes > batchBytes)) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  async #writeOneByOne(batch: readonly Waiting[]): Promise<void> {
    for (const waiting of batch) {
      const variables = { input: [waiting.input] };
      await this.#connection.request(UpdateEventsDocument, variables, { signal: this.#signal }).then(
        ({ updateEvents }) => this.#waiting.unshift(...settle([waiting], updateEvents.errors)),
        (error: unknown) => {
          if (isTemporary(error)) this.#waiting.unshift(waiting);
          else waiting.reject(error);
        },
      );
    }
  }
}

interface ItemError {
  readonly index: number;
  readonly code: string;
  readonly message: string;
  readonly extensions: Readonly<Record<string, unknown>>;
}

/** Returns those that can succeed later. */
function settle(batch: readonly Waiting[], errors: readonly ItemError[]): Waiting[] {
  const again: Waiting[] = [];
  const failed = new Map(errors.map((error) => [error.index, error]));
  batch.forEach((waiting, index) => {
    const failure = failed.get(index);
    if (!failure) return waiting.resolve();
    const { code, message, extensions } = failure;
    const error = errorOf({ message, extensions: { ...extensions, code } });
    // The job has the status already: an earlier attempt of this write was executed, though its answer was lost.
    if (code === 'LEASE_LOST' && extensions.status === waiting.input.status) waiting.resolve();
    else if (isTemporary(error)) again.push(waiting);
    else waiting.reject(error);
  });
  return again;
}
