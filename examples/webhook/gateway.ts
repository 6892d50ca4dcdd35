// How a program talks to its gateway by hand: GraphQL over HTTP with fetch, asked again while the gateway is away.
import { setTimeout as delay } from 'node:timers/promises';

interface AnswerError {
  readonly message: string;
  readonly extensions?: { readonly code?: string };
}

interface Answer<Data> {
  readonly data?: Data | null;
  readonly errors?: readonly AnswerError[];
}

/** The gateway answered, and said no: asking again would change nothing. */
export class Refused extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** No answer came, or one that says that this is not the moment. What was asked may have been done all the same. */
export class Unavailable extends Error {}

const momentary = ['OVERLOADED', 'DATABASE_UNAVAILABLE', 'SHUTTING_DOWN', 'INTERNAL_SERVER_ERROR'];

/** Pauses before asking again, in milliseconds: doubled from the first up to the last. */
const pauses = { first: 100, last: 10_000 };

export interface Asking {
  /** Ends the asking. */
  readonly signal?: AbortSignal;
  /** How long the answer to one request may take, in milliseconds; 10,000 unless given. */
  readonly withinMs?: number;
}

export class Gateway {
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #report: (what: string) => void;

  constructor(url: string, key: string, report: (what: string) => void) {
    this.#url = `${url.replace(/\/$/, '')}/graphql`;
    this.#headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    this.#report = report;
  }

  /** One request. Rejects with `Refused`, with `Unavailable`, or with the signal's reason. */
  async ask<Data>(query: string, variables: object, asking: Asking = {}): Promise<Data> {
    const { data, errors = [] } = await this.#fetch<Data>({ query, variables }, asking);
    const [error] = errors;
    if (error) {
      const code = error.extensions?.code ?? 'UNKNOWN';
      throw momentary.includes(code) ? new Unavailable(error.message) : new Refused(code, error.message);
    }
    if (data == null) throw new Unavailable(`${this.#url} answered with neither data nor errors.`);
    return data;
  }

  /** Asks until there is an answer, with longer and longer pauses in between. */
  async insist<Data>(query: string, variables: object, asking: Asking = {}): Promise<Data> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.ask<Data>(query, variables, asking);
      } catch (error) {
        if (!(error instanceof Unavailable)) throw error;
        const longest = Math.min(pauses.first * 2 ** (tries - 1), pauses.last);
        // Half of it by chance: all workers miss their gateway at once, and must not all come back at once.
        const ms = Math.round(longest * (0.5 + Math.random() / 2));
        this.#report(`${error.message} Trying again in ${ms} ms.`);
        await delay(ms, undefined, asking).catch(() => asking.signal?.throwIfAborted());
      }
    }
  }

  async #fetch<Data>(body: object, { signal, withinMs = 10_000 }: Asking): Promise<Answer<Data>> {
    signal?.throwIfAborted();
    // A timer that keeps the process alive, which AbortSignal.timeout() does not: where a server is killed at a certain
    // moment, Node's fetch is left with neither an answer nor a connection, and the process would end in midst of its wait.
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(new Error(`none within ${withinMs} ms`)), withinMs);
    try {
      const response = await fetch(this.#url, {
        method: 'POST',
        headers: this.#headers,
        body: JSON.stringify(body),
        signal: signal ? AbortSignal.any([signal, late.signal]) : late.signal,
      });
      return (await response.json()) as Answer<Data>;
    } catch (error) {
      signal?.throwIfAborted();
      const { message, cause } = error as Error;
      throw new Unavailable(
        `No answer from ${this.#url} (${(cause as Error | undefined)?.message || message}).`,
      );
    } finally {
      clearTimeout(timer);
    }
  }
}
