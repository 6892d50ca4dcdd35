// Reads bounded in bytes: pages end early and go on, lists without pages are refused, one operation answers so much.
import { beforeAll, describe, expect, test } from 'vitest';
import { limits } from '../../src/base/limits.ts';
import type { EventField } from '../../src/domain/events/event.ts';
import type { SendInput } from '../../src/domain/events/send.ts';
import type { PageArguments } from '../../src/domain/events/page.ts';
import { readLog } from '../../src/store/events/read-log.ts';
import { describeDatabases } from '../support/database.ts';
import { composedOnce, fresh, refusalOf } from '../support/gateway.ts';
import { sendAsTester } from './dataset.ts';

const count = 12;
const pad = 'x'.repeat(1_000_000);
/** Payloads of a megabyte that a page takes: the last may go beyond its bound. */
const perPage = Math.ceil(limits.pageBytes / pad.length);
const oldestFirst = { by: 'CREATED', direction: 'ASC' } as const;

describeDatabases('What is read of large events', (backend) => {
  const gateway = composedOnce(backend);
  const topic = fresh('large');
  const requestId = fresh('request');
  let ids: string[] = [];
  const send = async ({ topic: under, ...input }: SendInput & { topic: string }) =>
    (await sendAsTester(gateway(), under, input)).event;
  beforeAll(async () => {
    const root = await send({ topic: fresh('root'), requestId });
    ids = [];
    for (let n = 0; n < count; n += 1) {
      const input = { topic, requestId, dependsOn: root.id, payload: { pad, n } };
      ids.push((await send(input)).id);
    }
  });
  const list = (args: PageArguments, fields: readonly EventField[], where?: string) =>
    gateway().operations.listEvents(
      { topics: [topic], ...(where === undefined ? {} : { where }) },
      oldestFirst,
      args,
      fields,
    );
  const query = (text: string) =>
    gateway().ask<any>(text.replaceAll('TOPIC', topic).replaceAll('REQUEST', requestId));

  test.each([
    ['forwards', false, undefined],
    ['backwards', true, undefined],
    ['with a filter in CEL', false, 'data.n >= 0'],
  ])(
    'ends its page early, says that there is more and goes on from there: %s',
    async (_definition, backwards, where) => {
      const found: string[][] = [];
      for (let cursor: string | null = null; ;) {
        const args = backwards ? { last: 1_000, before: cursor } : { first: 1_000, after: cursor };
        const page = await list(args, ['payload'], where);
        found.push(page.rows.map(({ row }) => row.id));
        cursor = backwards ? page.startCursor : page.endCursor;
        if (!(backwards ? page.hasPreviousPage : page.hasNextPage)) break;
      }
      expect(found.map((page) => page.length)).toEqual([perPage, count - perPage]);
      expect((backwards ? found.reverse() : found).flat()).toEqual(ids);
    },
  );

  test('is whole where nothing large is asked for', async () => {
    expect((await list({ first: 1_000 }, ['topic', 'description'])).rows).toHaveLength(count);
  });

  test('is measured where its size was not kept when it was written', async () => {
    const { database } = gateway();
    const text = 'UPDATE events SET payload_bytes = NULL, summary_bytes = NULL WHERE topic = $1';
    await database.query({ text, values: [topic] });
    const page = await list({ first: 1_000 }, ['payload']);
    expect([page.rows.length, page.hasNextPage]).toEqual([perPage, true]);
  });

  test('counts a result that was set later', async () => {
    const { id } = await send({ topic: fresh('job'), finished: false });
    const sizes = async () =>
      (await gateway().operations.eventsByIds([id], ['result', 'payload'])).get(id)!.jsonBytes;
    const before = (await sizes())!;
    await gateway().ask('mutation ($input: UpdateEventInput!) { updateEvent(input: $input) { id } }', {
      input: { id, result: { pad } },
    });
    expect((await sizes())! - before).toBe(JSON.stringify({ pad }).length);
  });

  describe('without pages is refused, with what to do instead:', () => {
    test.each([
      ['a chain', '{ eventChain(requestId: "REQUEST") { events { payload } } }'],
      ['the log of a request', '{ eventLogByRequestId(requestId: "REQUEST") { payload } }'],
      ['the log of a topic', '{ eventLog(fullName: "TOPIC", pageSize: 1000) { rowDatas { payload } } }'],
      [
        'a page whose cursor is not asked for',
        '{ events(filter: {topics: ["TOPIC"]}) { nodes { payload } } }',
      ],
    ])('%s', async (_what, text) => {
      const { errors } = await query(text);
      expect(errors.map(({ extensions }) => extensions.code)).toEqual(['LIMIT_EXCEEDED']);
      expect(errors[0]!.message).toMatch(/page|pageInfo/);
    });
  });

  test('is answered as a page where the cursor is asked for', async () => {
    const { data } = await query(
      '{ events(filter: {topics: ["TOPIC"]}) { nodes { payload } ...P } } fragment P on EventConnection { pageInfo { hasNextPage } }',
    );
    expect(data.events.nodes).toHaveLength(perPage);
    expect(data.events.pageInfo.hasNextPage).toBe(true);
  });

  test('ends the page of one event’s dependents early', async () => {
    const { data } = await query(
      '{ eventChain(requestId: "REQUEST") { roots { dependents(first: 1000) { nodes { payload } pageInfo { hasNextPage } } } } }',
    );
    const [{ dependents }] = data.eventChain.roots;
    expect(dependents.nodes).toHaveLength(perPage);
    expect(dependents.pageInfo.hasNextPage).toBe(true);
  });

  test('is bounded for one operation, however many aliases ask for it', async () => {
    const pages = Array.from(
      { length: 20 },
      (_, n) =>
        `p${n}: events(first: 1000, filter: {topics: ["TOPIC"]}) { nodes { payload } pageInfo { endCursor } }`,
    );
    const aliases = Array.from({ length: 40 }, (_, n) => `p${n}: payload`);
    for (const text of [`{ ${pages.join(' ')} }`, `{ event(id: "${ids[0]}") { ${aliases.join(' ')} } }`]) {
      const { data, errors } = await query(text);
      expect(errors[0]?.extensions.code).toBe('LIMIT_EXCEEDED');
      expect(JSON.stringify(data).length).toBeLessThan(limits.operationBytes + 2 * pad.length);
    }
  });

  test('is refused by ids beyond what one operation may have', async () => {
    expect((await gateway().operations.eventsByIds(ids, ['payload'])).size).toBe(count);
    const more = [];
    for (let n = 0; n < 6; n += 1) more.push((await send({ topic: fresh('more'), payload: { pad } })).id);
    const refused = await refusalOf(gateway().operations.eventsByIds([...ids, ...more], ['payload']));
    expect(refused.code).toBe('LIMIT_EXCEEDED');
  });

  test('comes in parts where the log is read', async () => {
    const selection = { topics: [topic], eventIds: null };
    const read = (fields: readonly EventField[]) =>
      readLog(gateway().database, 0n, null, 1_000, selection, fields);
    const large = await read(['payload']);
    expect([large.rows.length, large.isCut]).toEqual([perPage, true]);
    const light = await read(['topic']);
    expect([light.rows.length, light.isCut]).toEqual([count, false]);
  });
});
