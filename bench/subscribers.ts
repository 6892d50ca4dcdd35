// Many WebSockets that cost little: frames are counted by their heads, and nothing is parsed but a sample.
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { key } from './processes.ts';

const opcodes = { text: 1, close: 8, ping: 9, pong: 10 };

/** A client's frame, masked with zeros. */
function frame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const head =
    length < 126 ? Buffer.from([0, 0x80 | length]) : Buffer.from([0, 0xfe, length >> 8, length & 0xff]);
  head[0] = 0x80 | opcode;
  return Buffer.concat([head, Buffer.alloc(4), payload]);
}

const text = (message: object) => frame(opcodes.text, Buffer.from(JSON.stringify(message)));

export class Subscriber {
  readonly #socket: Socket;
  #rest: Buffer = Buffer.alloc(0);
  /** Text frames that came, and their bytes. */
  received = 0;
  bytes = 0;
  last = '';
  /** Called for each text frame. */
  onMessage = () => {};
  closed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('close', () => (this.closed = true));
    socket.on('error', () => {});
  }

  static async open(url: string): Promise<Subscriber> {
    const { hostname, port, pathname } = new URL(url);
    const socket = connect(Number(port), hostname).setNoDelay(true);
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    socket.write(
      `GET ${pathname} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nSec-WebSocket-Version: 13\r\n` +
        `Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n`,
    );
    const answer: Buffer = await new Promise((resolve, reject) =>
      socket.once('data', resolve).once('close', () => reject(new Error('the upgrade was refused'))),
    );
    if (!answer.toString('latin1').startsWith('HTTP/1.1 101')) throw new Error(answer.toString());
    return new Subscriber(socket);
  }

  /** As graphql-transport-ws has it; resolves when the connection is acknowledged. */
  async subscribe(query: string, variables: object = {}): Promise<void> {
    const acknowledged = new Promise<void>((resolve) => (this.onMessage = resolve));
    this.#socket.write(text({ type: 'connection_init', payload: { authorization: `Bearer ${key}` } }));
    await acknowledged;
    this.onMessage = () => {};
    this.reset();
    this.#socket.write(text({ id: '1', type: 'subscribe', payload: { query, variables } }));
  }

  reset(): void {
    this.received = 0;
    this.bytes = 0;
  }

  close(): void {
    this.onMessage = () => {};
    this.#socket.end(frame(opcodes.close, Buffer.alloc(0)));
  }

  #take(chunk: Buffer): void {
    const data = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    let at = 0;
    while (data.length >= at + 2) {
      const short = data[at + 1]! & 0x7f;
      const head = short === 127 ? 10 : short === 126 ? 4 : 2;
      if (data.length < at + head) break;
      const length =
        short === 127
          ? Number(data.readBigUInt64BE(at + 2))
          : short === 126
            ? data.readUInt16BE(at + 2)
            : short;
      const end = at + head + length;
      if (data.length < end) break;
      this.#frame(data[at]! & 0x0f, data, at + head, end);
      at = end;
    }
    this.#rest = at === data.length ? Buffer.alloc(0) : Buffer.from(data.subarray(at));
  }

  #frame(opcode: number, data: Buffer, from: number, to: number): void {
    if (opcode === opcodes.ping) this.#socket.write(frame(opcodes.pong, data.subarray(from, to)));
    if (opcode === opcodes.close) this.closed = true;
    if (opcode !== opcodes.text) return;
    this.received += 1;
    this.bytes += to - from;
    if (this.received === this.wanted) this.last = data.toString('utf8', from, to);
    this.onMessage();
  }

  /** Of which message the text is kept. */
  wanted = 1;
}

export class Subscribers {
  readonly all: readonly Subscriber[];

  private constructor(all: readonly Subscriber[]) {
    this.all = all;
  }

  /** In groups, since a server takes only so many at once. */
  static async open(url: string, count: number): Promise<Subscribers> {
    const all: Subscriber[] = [];
    while (all.length < count) {
      const group = Math.min(100, count - all.length);
      all.push(...(await Promise.all(Array.from({ length: group }, () => Subscriber.open(url)))));
    }
    return new Subscribers(all);
  }

  /** Resolves when each has got what `probe` makes: from then on nothing is missed. */
  async ready(probe: () => Promise<unknown>): Promise<void> {
    for (let tries = 0; tries < 100; tries += 1) {
      await probe();
      await delay(100);
      if (this.all.every(({ received }) => received > 0)) break;
    }
    const silent = this.all.filter(({ received }) => received === 0).length;
    if (silent > 0) throw new Error(`${silent} of ${this.all.length} subscribers got nothing`);
    await delay(300);
  }

  /** Runs `publish`, and answers how long it took until each had so many messages; rejects where one gets more. */
  async receive(each: number, publish: () => Promise<unknown>): Promise<number> {
    let left = each * this.all.length;
    const arrived = new Promise<void>((resolve) => {
      for (const subscriber of this.all) {
        subscriber.reset();
        subscriber.wanted = each;
        subscriber.onMessage = () => {
          if ((left -= 1) === 0) resolve();
        };
      }
    });
    const began = performance.now();
    const late = AbortSignal.timeout(60_000);
    const failed = new Promise<never>((_, reject) => {
      late.addEventListener('abort', () => reject(new Error(`${left} deliveries did not come`)));
    });
    await Promise.all([publish(), Promise.race([arrived, failed])]);
    const seconds = (performance.now() - began) / 1_000;
    await delay(50);
    const wrong = this.all.filter(({ received, closed }) => received !== each || closed).length;
    if (wrong > 0) throw new Error(`${wrong} subscribers did not get ${each} each`);
    return seconds;
  }

  close(): void {
    for (const subscriber of this.all) subscriber.close();
  }
}
