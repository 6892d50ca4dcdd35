// GraphQL over HTTP: one request per operation, repeated while the gateway is away if that is safe.
import { errorOf, isTemporary, type ResponseError, ThroughlineError, unreachable } from '../errors.ts';
import { backoffMs, pause } from './backoff.ts';
import type { Credentials } from './credentials.ts';
import { traceHeaders } from './tracing.ts';

/** A document with the types of its result and variables, as graphql-codegen writes it, or its text. */
export interface TypedDocument<Result, Variables> {
  toString(): string;
  __apiType?: (variables: Variables) => Result;
}

export interface RequestOptions {
  /** Ends the request; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** How long one attempt may take, in milliseconds. Default: 30,000. Then it fails with TIMEOUT. */
  readonly timeoutMs?: number | undefined;
  /**
   * How long a request is repeated that failed but can succeed later, in milliseconds, counted from its start. Default:
   * 30,000 for queries and sends, 0 for other mutations, which could be executed twice.
   */
  readonly retryForMs?: number | undefined;
}

export interface HttpSettings {
  /** The URL of `/graphql`. */
  readonly url: string;
  readonly credentials: Credentials;
  readonly fetch: typeof fetch;
}

interface ResponseBody<Data> {
  readonly data?: Data | null;
  readonly errors?: readonly ResponseError[];
}

const defaultTimeoutMs = 30_000;

export class HttpConnection {
  readonly #settings: HttpSettings;

  constructor(settings: HttpSettings) {
    this.#settings = settings;
  }

  /** Rejects with a ThroughlineError, or with the signal's reason. */
  async request<Result, Variables>(
    document: TypedDocument<Result, Variables>,
    variables: Variables | Record<string, never>,
    options: RequestOptions = {},
  ): Promise<Result> {
    const { signal, retryForMs = 0 } = options;
    const retryUntil = Date.now() + retryForMs;
    for (let failures = 1; ; failures += 1) {
      try {
        return await this.#attempt(document, variables, options);
      } catch (error) {
        signal?.throwIfAborted();
        const waitMs = Math.max(backoffMs(failures), retryAfterMs(error));
        if (!isTemporary(error) || Date.now() + waitMs > retryUntil) throw error;
        await pause(waitMs, signal);
        signal?.throwIfAborted();
      }
    }
  }

  /** Opens a response whose body is read by the caller, for an event stream. A refused token is renewed once. */
  async open(
    body: string,
    accept: string,
    signal: AbortSignal | undefined,
  ): Promise<{ response: Response; unauthenticated: boolean }> {
    const { url, credentials, fetch: send } = this.#settings;
    const authorization = await credentials.authorization();
    const headers = { accept, 'content-type': 'application/json', ...traceHeaders() };
    try {
      const response = await send(url, {
        method: 'POST',
        headers: authorization ? { ...headers, authorization } : headers,
        body,
        ...(signal && { signal }),
      });
      return { response, unauthenticated: response.status === 401 };
    } catch (error) {
      throw unreachable(`No answer from ${url}.`, error);
    }
  }

  async #attempt<Result, Variables>(
    document: TypedDocument<Result, Variables>,
    variables: Variables | Record<string, never>,
    { signal, timeoutMs = defaultTimeoutMs }: RequestOptions,
  ): Promise<Result> {
    signal?.throwIfAborted();
    // A timer rather than AbortSignal.timeout, whose timer does not keep a Node process alive.
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), timeoutMs);
    const either = signal ? AbortSignal.any([signal, timeout.signal]) : timeout.signal;
    try {
      const body = JSON.stringify({ query: document.toString(), variables });
      const { data, errors } = await this.#post<Result>(body, either);
      if (errors?.[0]) throw errorOf(errors[0]);
      if (data == null) throw unreachable('The response had neither data nor errors.');
      return data;
    } catch (error) {
      if (timeout.signal.aborted)
        throw new ThroughlineError('TIMEOUT', `No answer within ${timeoutMs} ms.`, { cause: error });
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  async #post<Result>(body: string, signal: AbortSignal): Promise<ResponseBody<Result>> {
    const accept = 'application/graphql-response+json, application/json';
    let { response, unauthenticated } = await this.open(body, accept, signal);
    if (unauthenticated && this.#settings.credentials.renew())
      ({ response, unauthenticated } = await this.open(body, accept, signal));
    try {
      const parsed = (await response.json()) as ResponseBody<Result>;
      const retryAfter = response.headers.get('retry-after');
      if (!retryAfter || !parsed.errors?.[0]) return parsed;
      const [error, ...others] = parsed.errors;
      return {
        ...parsed,
        errors: [{ ...error, extensions: { ...error.extensions, retryAfter } }, ...others],
      };
    } catch (error) {
      // A proxy in front of the gateway answers in HTML.
      throw unreachable(`The response has status ${response.status} and is not JSON.`, error);
    }
  }
}

function retryAfterMs(error: unknown): number {
  return error instanceof ThroughlineError ? (Number(error.extensions.retryAfter) || 0) * 1000 : 0;
}
