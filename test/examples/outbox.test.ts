// The examples of the outbox: an order and its event, with pg and with Prisma.
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { payOrder as payWithPg } from '../../examples/outbox-pg.ts';
import { payOrder as payWithPrisma } from '../../examples/outbox-prisma.ts';
import { controlPlane } from '../../src/database/control-plane.ts';
import { describePostgres } from '../support/database.ts';
import { composedOnce } from '../support/gateway.ts';
import { isEmpty } from '../outbox/support.ts';

describePostgres('The examples of the outbox', (backend) => {
  const gateway = composedOnce(backend);
  let client: pg.Client;

  beforeAll(async () => {
    client = new pg.Client({ connectionString: backend.url });
    await client.connect();
    // Also found by the gateway's own connections, over which the test uses Prisma.
    await client.query(
      'CREATE TABLE throughline.orders (id text PRIMARY KEY, total float8); SET search_path = throughline',
    );
  });

  afterAll(() => client.end());

  test.each([
    ['pg', (order: string) => payWithPg(client, order, 39.8)],
    ['Prisma', async (order: string) => payWithPrisma(await controlPlane(gateway().database), order, 39.8)],
  ])('send with %s where the order is stored, and only there', async (name, pay) => {
    const { database, read } = gateway();
    const id = await pay(`1042 ${name}`);
    await isEmpty(database);
    expect(await read(id)).toMatchObject({
      topic: 'order.paid',
      payload: { order: `1042 ${name}`, total: 39.8 },
    });
    // It has been paid before.
    await expect(pay(`1042 ${name}`)).rejects.toThrow();
    await isEmpty(database);
    const text = `SELECT 1 FROM events WHERE payload ->> 'order' = $1`;
    expect(await database.query({ text, values: [`1042 ${name}`] })).toHaveLength(1);
  });
});
