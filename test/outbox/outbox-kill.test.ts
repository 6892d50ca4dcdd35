// `kill -9` of gateways, and lost connections of the programs that send: an order and its event, both or neither, once.
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { expect, test } from 'vitest';
import { describePostgres } from '../support/database.ts';
import { onServer } from '../support/postgres-server.ts';
import { settingsFor } from '../support/process.ts';
import { Gateways } from '../process/gateways.ts';
import { type Random, seeded, whole } from '../process/random.ts';
import { isEmpty } from './support.ts';

const kills = 8;

/** A shop that stores orders and sends `order.paid` in one transaction, and is cut off at random points. */
class Shop {
  readonly #url: string;
  readonly #random: Random;
  readonly #name: string;
  #isOpen = true;
  /** Orders whose commit was answered. */
  readonly paid: string[] = [];

  constructor(url: string, name: string, seed: number) {
    this.#url = url;
    this.#name = name;
    this.#random = seeded(seed);
  }

  close(): void {
    this.#isOpen = false;
  }

  async run(): Promise<void> {
    let n = 0;
    while (this.#isOpen) {
      const client = new pg.Client({ connectionString: this.#url });
      client.on('error', () => {});
      await client.connect();
      const cut = delay(this.#random() * 150).then(() => client.connection.stream.destroy());
      try {
        for (;;) await this.#pay(client, `${this.#name}-${(n += 1)}`);
      } catch {
        await cut;
      }
    }
  }

  async #pay(client: pg.Client, order: string): Promise<void> {
    await client.query('BEGIN');
    await client.query('INSERT INTO public.orders VALUES ($1)', [order]);
    const input = { topic: 'order.paid', payload: { order }, onDuplicate: 'FAIL', hash: order };
    await client.query('SELECT throughline.send_event($1)', [JSON.stringify(input)]);
    if (whole(this.#random, 5) === 0) return void (await client.query('ROLLBACK'));
    await client.query('COMMIT');
    this.paid.push(order);
  }
}

describePostgres('Orders and their events in one transaction', (backend) => {
  test('are never there without one another, whatever is killed', async () => {
    const target = await backend.target();
    await onServer(backend.url, 'CREATE TABLE public.orders (id text PRIMARY KEY)');
    const gateways = await Gateways.start(settingsFor(target), 2);
    const shops = Array.from({ length: 3 }, (_, n) => new Shop(backend.url, `shop${n}`, n));
    const running = shops.map((shop) => shop.run());
    const random = seeded(7);
    for (let count = 0; count < kills; count += 1) {
      await delay(random() * 400);
      await gateways.killOne(random);
    }
    for (const shop of shops) shop.close();
    await Promise.all(running);
    const database = await backend.openAnother();
    await isEmpty(database);
    await gateways.stop();
    const read = async (text: string) =>
      (await database.query<{ order: string }>({ text, values: [] })).map(({ order }) => order);
    const orders = await read('SELECT id AS order FROM public.orders ORDER BY id');
    const events = await read(
      `SELECT payload ->> 'order' AS order FROM events WHERE topic = 'order.paid' ORDER BY 1`,
    );
    const entries = await read(
      `SELECT e.payload ->> 'order' AS order FROM log l JOIN events e ON e.id = l.event_id WHERE kind = 'CREATED' ORDER BY 1`,
    );
    expect(events.toSorted()).toEqual(orders.toSorted());
    expect(entries.toSorted()).toEqual(orders.toSorted());
    expect(await read('SELECT message AS order FROM outbox_failures')).toEqual([]);
    const paid = shops.flatMap((shop) => shop.paid);
    expect(paid.length).toBeGreaterThan(0);
    expect(paid.filter((order) => !orders.includes(order))).toEqual([]);
  }, 240_000);
});
