// Server-sent events: a subscription's results as the body of an HTTP response, read no faster than the client reads.
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { ExecutionResult } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { badInput, type ErrorCode } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { resultText } from '../../graphql/result-text.ts';
import type { Identity } from '../credentials.ts';
import { onHalfClose } from '../presence.ts';
import { publicResult, refusal } from './public-errors.ts';

/** Comments sent while nothing happens, so that proxies keep the connection and a dead client is noticed. */
const heartbeatMs = 12_000;

type Results = AsyncIterable<ExecutionResult>;

interface StreamStart {
  readonly res: ServerResponse;
  readonly onEnd?: Identity['onEnd'];
}

const keyEnded = {
  errors: [
    {
      message: 'The key or token of this stream works no longer: it was revoked or rotated, or has expired.',
      extensions: { code: 'UNAUTHENTICATED' as const satisfies ErrorCode },
    },
  ],
};

/** The streams that are open, so that stopping can end them. */
export class EventStreams {
  readonly #open = new Set<EventStream>();
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Answers subscriptions with `text/event-stream`; ends their execution where the client accepts no such answer. */
  plugin(): Plugin<object, StreamStart> {
    return {
      onResultProcess: ({ result, resultProcessor, setResultProcessor, serverContext }) => {
        if (Array.isArray(result) || !(Symbol.asyncIterator in result)) return;
        const results = result as Results;
        if (resultProcessor === undefined) {
          this.#abandon(results);
          return setResultProcessor(() => notAcceptable(), 'application/json');
        }
        setResultProcessor((_result, fetchAPI) => {
          const body = this.#stream(results, serverContext);
          return new fetchAPI.Response(body as unknown as ReadableStream, { status: 200, headers });
        }, 'text/event-stream');
      },
    };
  }

  /** Ends every stream, without saying that its subscription is complete: clients connect again. */
  endAll(): void {
    for (const stream of this.#open) stream.finish();
  }

  #stream(results: Results, { res: response, onEnd }: StreamStart): EventStream {
    const stream = new EventStream(results);
    this.#open.add(stream);
    stream.once('close', () => this.#open.delete(stream));
    stream.on('error', (error) => this.#logger.warn({ err: error }, 'an event stream broke off'));
    // A client that reads no more is noticed only by writing to it, and what it was given would be lost.
    const stopListening = onHalfClose(response, () => stream.finish());
    const stopWatching = onEnd?.(() => stream.refuse(keyEnded));
    response.once('close', () => {
      stopListening();
      stopWatching?.();
      stream.destroy();
    });
    if (response.destroyed) stream.destroy();
    return stream;
  }

  #abandon(results: Results): void {
    results[Symbol.asyncIterator]()
      .return?.()
      .catch((error) => this.#logger.warn({ err: error }, 'a subscription that nobody can read did not end'));
  }
}

function notAcceptable(): never {
  const message =
    'A subscription is answered with `text/event-stream`, which the `Accept` header leaves out.';
  throw refusal(badInput(message), { status: 406 });
}

const headers = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-cache, no-transform',
  'X-Accel-Buffering': 'no',
};

/** Asks for the next result only when the reader has taken the last one. */
class EventStream extends Readable {
  readonly #iterator: AsyncIterator<ExecutionResult>;
  readonly #heartbeat: NodeJS.Timeout;
  #asking = false;
  #ended = false;

  constructor(results: Results) {
    super({ highWaterMark: 1 });
    this.#iterator = results[Symbol.asyncIterator]();
    this.push(comment);
    this.#heartbeat = setInterval(() => this.#beat(), heartbeatMs);
  }

  override _read(): void {
    if (this.#asking || this.#ended) return;
    this.#asking = true;
    this.#iterator.next().then(
      ({ done, value }) => {
        this.#asking = false;
        if (this.#ended) return;
        if (done) this.#complete();
        else this.push(event('next', resultText(publicResult(value))));
      },
      (error) => this.destroy(error),
    );
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#ended = true;
    clearInterval(this.#heartbeat);
    this.#return().then(
      () => callback(error),
      (failure: Error) => callback(error ?? failure),
    );
  }

  async #return(): Promise<void> {
    await this.#iterator.return?.();
  }

  /** Ends the body here. */
  finish(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.push(null);
  }

  /** Ends the subscription with an error, at once. */
  refuse(result: object): void {
    if (this.#ended) return;
    this.push(event('next', JSON.stringify(result)));
    this.#complete();
    // What was pushed may wait for a reader for long.
    this.#return().catch(() => {});
  }

  #complete(): void {
    this.push(event('complete', ''));
    this.finish();
  }

  #beat(): void {
    if (!this.#ended && this.readableLength === 0) this.push(comment);
  }
}

const comment = ':\n\n';

function event(name: string, data: string): string {
  return `event: ${name}\ndata: ${data}\n\n`;
}
