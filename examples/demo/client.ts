// How the demo talks to a gateway: queries and mutations over HTTP, subscriptions over a WebSocket.
import { type Client, createClient } from 'graphql-ws';
import WebSocket from 'ws';

/** The gateway answered with an error. */
export class Refused extends Error {
  readonly code: string;

  constructor({ message, extensions }: AnswerError) {
    super(message);
    this.code = extensions?.code ?? 'UNKNOWN';
  }
}

interface AnswerError {
  readonly message: string;
  readonly extensions?: { readonly code?: string };
}

interface Answer<Data> {
  readonly data?: Data | null;
  readonly errors?: readonly AnswerError[];
}

export type Variables = Readonly<Record<string, unknown>>;

const patienceMs = 30_000;

export class GatewayClient {
  readonly #url: string;
  readonly #authorization: string;

  constructor(url: string, key: string) {
    this.#url = `${url.replace(/\/$/, '')}/graphql`;
    this.#authorization = `Bearer ${key}`;
  }

  /** Asks a query or makes a mutation, and returns its data. Rejects with `Refused` where the answer has errors. */
  async ask<Data>(query: string, variables: Variables = {}): Promise<Data> {
    const response = await fetch(this.#url, {
      method: 'POST',
      headers: { authorization: this.#authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
      signal: AbortSignal.timeout(patienceMs),
    }).catch((error: Error) => {
      throw new Error(`No answer from ${this.#url}: ${error.cause ?? error}`);
    });
    return dataOf<Data>((await response.json()) as Answer<Data>);
  }

  /** A connection for subscriptions. It makes itself when the first one is opened. */
  connect(): Client {
    return createClient({
      url: this.#url.replace(/^http/, 'ws'),
      webSocketImpl: WebSocket,
      connectionParams: { authorization: this.#authorization },
      // Left to itself the client subscribes again from where it began, and what was seen already would come twice.
      // How to go on from where it was cut is shown in watching.ts.
      retryAttempts: 0,
    });
  }
}

/** What a subscription delivers, one item after another, until the connection ends. */
export async function* subscription<Data>(
  connection: Client,
  query: string,
  variables: Record<string, unknown>,
): AsyncGenerator<Data, void> {
  try {
    for await (const result of connection.iterate<Data>({ query, variables }))
      yield dataOf(result as Answer<Data>);
  } catch (thrown) {
    throw asError(thrown);
  }
}

/** graphql-ws also throws what is no Error: the errors of a refused subscription, or how the socket was closed. */
function asError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  if (Array.isArray(thrown)) return new Refused(thrown[0]);
  const { code, reason } = thrown as { code?: number; reason?: string };
  return new Error(`The subscription's connection was closed with ${code} ${reason}`.trimEnd());
}

function dataOf<Data>({ data, errors }: Answer<Data>): Data {
  const [error] = errors ?? [];
  if (error) throw new Refused(error);
  if (data == null) throw new Error('The gateway answered neither with data nor with errors.');
  return data;
}
