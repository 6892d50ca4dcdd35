// Kept-alive HTTP connections that cost little: what the load generator does not spend, the server may.
import { connect, type Socket } from 'node:net';
import { key } from './processes.ts';

interface Answer<Data> {
  readonly data: Data;
  readonly errors?: readonly { readonly message: string }[];
}

/** A whole HTTP request with this body. */
export function requestOf(url: string, query: string, variables: object = {}): Buffer {
  const body = JSON.stringify({ query, variables });
  return Buffer.from(
    `POST /graphql HTTP/1.1\r\nHost: ${new URL(url).host}\r\nAuthorization: Bearer ${key}\r\n` +
      `Content-Type: application/json\r\nAccept: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

export class Connection {
  #socket: Socket;
  readonly #url: string;
  #chunks: Buffer[] = [];
  #length = 0;
  #waiting: { resolve: (body: string) => void; reject: (error: Error) => void } | undefined;

  private constructor(url: string, socket: Socket) {
    this.#url = url;
    this.#socket = this.#listenTo(socket);
  }

  static async open(url: string): Promise<Connection> {
    return new Connection(url, await socketTo(url));
  }

  static openMany(url: string, count: number): Promise<Connection[]> {
    return Promise.all(Array.from({ length: count }, () => Connection.open(url)));
  }

  /** Sends a whole request and returns the body of the answer; rejects where that has errors. */
  async send(request: Buffer): Promise<string> {
    // A server closes a connection on which nothing was asked for a while.
    if (this.#socket.destroyed) this.#socket = this.#listenTo(await socketTo(this.#url));
    const body = await new Promise<string>((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(request);
    });
    if (body.includes('"errors":[{')) throw new Error(`the answer has errors: ${body.slice(0, 500)}`);
    return body;
  }

  async ask<Data>(query: string, variables: object = {}): Promise<Data> {
    const { data } = JSON.parse(await this.send(requestOf(this.#url, query, variables))) as Answer<Data>;
    return data;
  }

  close(): void {
    this.#waiting = undefined;
    this.#socket.destroy();
  }

  #listenTo(socket: Socket): Socket {
    socket.on('data', (chunk: Buffer) => {
      // What comes unasked says that the server has waited long enough for a first request.
      if (this.#waiting) this.#take(chunk);
      else socket.destroy();
    });
    socket.on('close', () => this.#waiting?.reject(new Error('the connection was closed')));
    socket.on('error', () => {});
    return socket;
  }

  #take(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    const first = this.#chunks[0]!;
    const head = first.indexOf('\r\n\r\n');
    if (head < 0) {
      this.#chunks = [Buffer.concat(this.#chunks)];
      if (this.#chunks[0]!.indexOf('\r\n\r\n') < 0) return;
      return this.#take(Buffer.alloc(0));
    }
    const text = first.toString('latin1', 0, head);
    if (text.startsWith('HTTP/1.1 204')) return this.#answer('');
    const [, length] = /content-length: (\d+)/i.exec(text) ?? [];
    if (length === undefined) return this.#takeChunked(head + 4);
    if (this.#length < head + 4 + Number(length)) return;
    this.#answer(Buffer.concat(this.#chunks).toString('utf8', head + 4, head + 4 + Number(length)));
  }

  #takeChunked(start: number): void {
    const all = Buffer.concat(this.#chunks);
    const parts: Buffer[] = [];
    for (let at = start; ;) {
      const line = all.indexOf('\r\n', at);
      if (line < 0) return;
      const size = Number.parseInt(all.toString('latin1', at, line), 16);
      if (all.length < line + 2 + size + 2) return;
      if (size === 0) return this.#answer(Buffer.concat(parts).toString());
      parts.push(all.subarray(line + 2, line + 2 + size));
      at = line + 2 + size + 2;
    }
  }

  #answer(body: string): void {
    this.#chunks = [];
    this.#length = 0;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve(body);
  }
}

async function socketTo(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname).setNoDelay(true);
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  return socket;
}
