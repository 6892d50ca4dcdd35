// Prisma Client over the storage port: values, relations, errors and transactions are those of the database.
import { Prisma } from '../../generated/prisma/client.ts';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { newId } from '../../src/base/ids.ts';
import { controlPlane, type ControlPlane } from '../../src/database/control-plane.ts';
import { type Database, DatabaseUnavailable, type Statement } from '../../src/database/database.ts';
import { migrate } from '../../src/database/migrations/migrate.ts';
import { openPostgres } from '../../src/database/postgres/postgres.ts';
import { describeDatabases, describePostgres } from '../support/database.ts';
import { forwarding, telling } from '../support/forwarding.ts';

const at = new Date('2026-03-29T01:30:00.123Z');
const beyondDouble = 9_007_199_254_740_993n;

function subscription(changes: Partial<Prisma.SubscriptionCreateInput> = {}): Prisma.SubscriptionCreateInput {
  return {
    id: newId(),
    position: beyondDouble,
    createdAt: at,
    usedAt: at,
    expiresAt: at,
    expiresAfterDays: 7,
    visibilityMs: 30_000,
    manual: true,
    topics: ['a.*', 'with "quotes", commas, {braces} and \\', ''],
    ...changes,
  };
}

function event(changes: Partial<Prisma.EventUncheckedCreateInput> = {}): Prisma.EventUncheckedCreateInput {
  const id = newId();
  const names = { topic: 't', eventType: 'T', requestId: id, nodeId: id };
  const positions = { position: 1n, createdPosition: 1n };
  return { id, ...names, ...positions, status: 'FINISHED', createdAt: at, updatedAt: at, ...changes };
}

describeDatabases('Prisma over the port', (backend) => {
  let database: Database;
  let prisma: ControlPlane;

  beforeEach(async () => {
    database = await backend.open();
    prisma = await controlPlane(database);
  });

  test('one client serves a database', async () => {
    expect(await controlPlane(database)).toBe(prisma);
  });

  test('what is written is read again: 64-bit integers, milliseconds, booleans, lists, uuids and enums', async () => {
    const given = subscription({ name: '100%_of \\ "it"' });
    expect(await prisma.subscription.create({ data: given })).toMatchObject(given);
    expect(await prisma.subscription.findUnique({ where: { id: given.id } })).toMatchObject(given);
    const [row] = await database.query<object>({
      text: 'SELECT position, created_at, topics, manual FROM subscriptions WHERE id = $1',
      values: [given.id],
    });
    const { position, createdAt, topics, manual } = given;
    expect(row).toEqual({ position, created_at: createdAt, topics, manual });
    const sent = await prisma.event.create({ data: event({ status: 'ABORTED' }) });
    expect(await prisma.event.findFirst({ where: { status: 'ABORTED' } })).toEqual(sent);
    expect(await prisma.event.findMany({ where: { id: { in: [sent.id, newId()] } } })).toEqual([sent]);
  });

  test('updates and deletions say how many rows they changed', async () => {
    await prisma.subscription.createMany({
      data: [subscription(), subscription(), subscription({ manual: false })],
    });
    const changed = await prisma.subscription.updateMany({
      where: { manual: true },
      data: { filterErrors: { increment: 2 } },
    });
    expect(changed.count).toBe(2);
    expect(await prisma.subscription.count({ where: { filterErrors: 2 } })).toBe(2);
    expect((await prisma.subscription.deleteMany({ where: { filterErrors: 0 } })).count).toBe(1);
    expect((await prisma.subscription.deleteMany({ where: { filterErrors: 9 } })).count).toBe(0);
  });

  test('a list that is null is read as an empty one', async () => {
    const { id } = await prisma.subscription.create({ data: subscription() });
    await database.query({ text: 'UPDATE subscriptions SET topics = NULL WHERE id = $1', values: [id] });
    expect(await prisma.subscription.findUniqueOrThrow({ where: { id } })).toMatchObject({ topics: [] });
  });

  test('null of JSON and null of the database differ, and so do JSON texts and numbers', async () => {
    const values = [
      Prisma.JsonNull,
      Prisma.DbNull,
      'null',
      '"text"',
      1.5,
      true,
      [1, null],
      { a: { b: 'ü' } },
    ];
    for (const result of values) {
      const { id } = await prisma.event.create({ data: event({ result }) });
      const read = await prisma.event.findUniqueOrThrow({ where: { id } });
      const isNull = result === Prisma.JsonNull || result === Prisma.DbNull;
      expect(read.result).toEqual(isNull ? null : result);
      const matching = await prisma.event.count({ where: { id, result: { equals: result } } });
      expect(matching).toBe(1);
    }
    expect(await prisma.event.count({ where: { result: { equals: Prisma.JsonNull } } })).toBe(1);
    expect(await prisma.event.count({ where: { result: { equals: Prisma.DbNull } } })).toBe(1);
  });

  test('relations are read and written in both directions', async () => {
    const parent = await prisma.event.create({ data: event() });
    const child = await prisma.event.create({ data: event({ dependsOnId: parent.id }) });
    const read = await prisma.event.findUniqueOrThrow({
      where: { id: parent.id },
      include: { dependents: { include: { dependsOn: true } }, job: true },
    });
    expect(read).toEqual({ ...parent, job: null, dependents: [{ ...child, dependsOn: parent }] });
  });

  test('a value that is taken is P2002 and names the index', async () => {
    const key = { id: newId(), name: 'a', hash: 'h', scopes: [], createdAt: at };
    await prisma.apiKey.create({ data: key });
    const refused = prisma.apiKey.create({ data: { ...key, id: newId(), hash: 'other' } });
    await expect(refused).rejects.toMatchObject({
      code: 'P2002',
      message: expect.stringContaining('api_keys_name_key'),
    });
  });

  test('a row that refers to none is P2003', async () => {
    const scheduledEvent = { eventId: newId(), sendAt: at, status: 'FINISHED', by: 'me' } as const;
    await expect(prisma.scheduledEvent.create({ data: scheduledEvent })).rejects.toMatchObject({
      code: 'P2003',
    });
  });

  test('any other refusal of the database comes as the port has it', async () => {
    const failing = forwarding(database, {
      query: ({ values }) => database.query({ text: 'SELECT 1 / 0', values: values.slice(0, 0) }),
    });
    const other = await controlPlane(failing);
    await expect(other.apiKey.findMany()).rejects.toMatchObject({
      code: '22012',
      message: 'division by zero',
    });
  });

  test('an outage is DATABASE_UNAVAILABLE, alone and in a transaction', async () => {
    const outage = new DatabaseUnavailable(new Error('the line is cut'));
    const refuse = () => Promise.reject(outage);
    const unreachable = await controlPlane(forwarding(database, { query: refuse, transaction: refuse }));
    await expect(unreachable.apiKey.findMany()).rejects.toBe(outage);
    await expect(unreachable.$transaction(async (tx) => tx.apiKey.count())).rejects.toBe(outage);
    const cut = await controlPlane(
      forwarding(database, {
        transaction: (work) =>
          database.transaction((tx) => work({ exec: (sql) => tx.exec(sql), query: refuse })),
      }),
    );
    await expect(cut.$transaction(async (tx) => tx.apiKey.count())).rejects.toBe(outage);
    expect(await prisma.apiKey.count()).toBe(0);
  });

  describe('transactions', () => {
    const create = (tx: Prisma.TransactionClient, name: string) =>
      tx.apiKey.create({ data: { id: newId(), name, hash: name, scopes: [name], createdAt: at } });
    const names = async () =>
      (await prisma.apiKey.findMany({ orderBy: { name: 'asc' } })).map(({ name }) => name);

    test('commit all that they did', async () => {
      await prisma.$transaction(async (tx) => {
        await create(tx, 'a');
        await create(tx, 'b');
      });
      expect(await names()).toEqual(['a', 'b']);
    });

    test('undo all when their work throws', async () => {
      const failure = new Error('changed my mind');
      const undone = prisma.$transaction(async (tx) => {
        await create(tx, 'a');
        throw failure;
      });
      await expect(undone).rejects.toBe(failure);
      expect(await names()).toEqual([]);
    });

    test('undo all when a statement fails', async () => {
      const undone = prisma.$transaction([
        prisma.apiKey.create({ data: { id: newId(), name: 'a', hash: 'a', scopes: [], createdAt: at } }),
        prisma.apiKey.create({ data: { id: newId(), name: 'a', hash: 'b', scopes: [], createdAt: at } }),
      ]);
      await expect(undone).rejects.toMatchObject({ code: 'P2002' });
      expect(await names()).toEqual([]);
    });

    test('have the isolation that was asked for', async () => {
      const level = await prisma.$transaction(
        (tx) => tx.$queryRaw`SELECT current_setting('transaction_isolation') AS level`,
        { isolationLevel: 'Serializable' },
      );
      expect(level).toEqual([{ level: 'serializable' }]);
    });

    test('one after the other leave the connection free', async () => {
      for (let n = 0; n < 10; n += 1) await prisma.$transaction(async (tx) => create(tx, `key-${n}`));
      expect(await prisma.apiKey.count()).toBe(10);
    });
  });

  test('no statement has a name', async () => {
    const statements: Statement[] = [];
    const told = await controlPlane(telling(database, (statement) => void statements.push(statement)));
    await told.apiKey.findMany({ where: { name: { in: ['a', 'b', 'c'] } } });
    expect(statements.length).toBeGreaterThan(0);
    expect(statements.filter(({ name }) => name !== undefined)).toEqual([]);
  });
});

describePostgres('Prisma on a server', (backend) => {
  test('a connection that is lost in a transaction is DATABASE_UNAVAILABLE, and the next one is sound', async () => {
    const database = await backend.open();
    const prisma = await controlPlane(database);
    const lost = prisma.$transaction(async (tx) => {
      const [row] = await tx.$queryRaw<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`;
      await database.query({ text: 'SELECT pg_terminate_backend($1)', values: [row!.pid] });
      return tx.apiKey.count();
    });
    await expect(lost).rejects.toBeInstanceOf(DatabaseUnavailable);
    expect(await prisma.apiKey.count()).toBe(0);
  });

  test('Prisma looks where the URL says that the tables lie, enums too', async () => {
    const url = `${await backend.emptyDatabase()}?schema=elsewhere`;
    const database = await openPostgres(url, { poolSize: 2, applicationName: 'throughline-test' });
    onTestFinished(() => database.close());
    await migrate(database);
    const prisma = await controlPlane(database);
    const given = event({ status: 'ABORTED' });
    await prisma.event.create({ data: given });
    expect(await prisma.event.count({ where: { status: 'ABORTED' } })).toBe(1);
    const rows = await database.query({ text: 'SELECT id FROM elsewhere.events', values: [] });
    expect(rows).toEqual([{ id: given.id }]);
  });
});
