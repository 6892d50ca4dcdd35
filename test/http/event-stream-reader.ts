// Reads an event stream as it comes, as a client of SSE does.
import { json } from './support.ts';

export const eventStream = { ...json, accept: 'text/event-stream' };

/** An event stream as it comes. */
export class Stream<Result> {
  readonly #going = new AbortController();
  readonly #reader: Promise<ReadableStreamDefaultReader<Uint8Array>>;
  #text = '';

  constructor({ url }: { readonly url: string }, query: string, variables: object = {}) {
    this.#reader = fetch(`${url}/graphql`, {
      method: 'POST',
      headers: eventStream,
      body: JSON.stringify({ query, variables }),
      signal: this.#going.signal,
    }).then(({ body }) => body!.getReader());
    // It may be left before it is answered.
    this.#reader.catch(() => {});
  }

  /** The first result, or the one that comes after so many. */
  async result(after = 0): Promise<Result> {
    for (;;) {
      const data = [...this.#text.matchAll(/^event: next\ndata: (.*)\n\n/gm)][after]?.[1];
      if (data !== undefined) return JSON.parse(data) as Result;
      if (!(await this.#more())) throw new Error(`the stream ended: ${this.#text}`);
    }
  }

  /** All that came, once it has ended. */
  async end(): Promise<string> {
    while (await this.#more());
    return this.#text;
  }

  leave(): void {
    this.#going.abort();
  }

  async #more(): Promise<boolean> {
    const { done, value } = await (await this.#reader).read();
    if (!done) this.#text += Buffer.from(value).toString();
    return !done;
  }
}
