// Subscriptions over server-sent events, one HTTP response each: for programs without a WebSocket, such as Node 20.
import { errorOf, isThroughlineError, type ResponseError, unreachable } from '../errors.ts';
import type { Credentials } from './credentials.ts';
import type { HttpConnection } from './http.ts';
import type { OpenStream, StreamOptions } from './stream.ts';

/** The gateway sends a comment every 12 s; after so long without any, the connection is given up. In milliseconds. */
const silenceMs = 30_000;

interface Message<Data> {
  readonly data?: Data | null;
  readonly errors?: readonly ResponseError[];
}

export function eventStreams(http: HttpConnection, credentials: Credentials): OpenStream {
  return async function* open<Data>(
    query: string,
    variables: object,
    { signal, onOpen }: StreamOptions,
  ): AsyncGenerator<Data> {
    const ending = new AbortController();
    const either = AbortSignal.any([signal, ending.signal]);
    try {
      const response = await openResponse(http, credentials, JSON.stringify({ query, variables }), either);
      onOpen();
      for await (const { event, data } of messagesOf(response, () => ending.abort())) {
        if (event === 'complete') return;
        const { data: result, errors } = JSON.parse(data) as Message<Data>;
        if (errors?.[0]) throw errorOf(errors[0]);
        yield result as Data;
      }
      throw unreachable('The event stream broke off.');
    } catch (error) {
      if (signal.aborted) return;
      throw isThroughlineError(error) ? error : unreachable('The event stream broke off.', error);
    } finally {
      ending.abort();
    }
  };
}

async function openResponse(
  http: HttpConnection,
  credentials: Credentials,
  body: string,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array>> {
  let { response, unauthenticated } = await http.open(body, 'text/event-stream', signal);
  if (unauthenticated && credentials.renew())
    ({ response, unauthenticated } = await http.open(body, 'text/event-stream', signal));
  if (response.body && response.headers.get('content-type')?.startsWith('text/event-stream'))
    return response.body;
  const refusal = (await response.json().catch(() => ({}))) as Message<unknown>;
  if (refusal.errors?.[0]) throw errorOf(refusal.errors[0]);
  throw unreachable(`The response has status ${response.status} and is not an event stream.`);
}

/** The messages of an event stream, without comments. */
async function* messagesOf(
  body: ReadableStream<Uint8Array>,
  giveUp: () => void,
): AsyncGenerator<{ event: string; data: string }> {
  const reader = body.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>).getReader();
  let rest = '';
  for (;;) {
    const timer = setTimeout(giveUp, silenceMs);
    const { done, value } = await reader.read().finally(() => clearTimeout(timer));
    if (done) return;
    const blocks = (rest + value).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = new Map(block.split('\n').map(fieldOf));
      const event = fields.get('event');
      if (event !== undefined) yield { event, data: fields.get('data') ?? '' };
    }
  }
}

function fieldOf(line: string): [string, string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon), line.slice(colon + 1).trimStart()];
}
