// Filters in CEL wherever a filter fits: lists, feeds, jobs, bulk mutations; to the same answers everywhere.
import { expect, test } from 'vitest';
import { limits } from '../../src/base/limits.ts';
import { checkCel } from '../../src/domain/cel/filter.ts';
import { enrollMany } from '../jobs/support.ts';
import { describeDatabases } from '../support/database.ts';
import { composedOnce, fresh, refusalOf, tester } from '../support/gateway.ts';

const methods = ['GET', 'POST', 'HEAD'];
/** Where UTF-16 units have another order than code points, and doubles fewer digits than ints. */
const texts = ['\ud7ff', '\uff5e', '\u{10000}', '\u{1f600}'];
const numbers = [9007199254740991, 9007199254740992, 9007199254740994, 18014398509481984];

/** Some that SQL decides, some that it decides in part, some that only a look at the event can. */
const filters = [
  `data.method == 'GET'`,
  `data.method in ['GET', 'HEAD'] && data.url.path.endsWith('/meow')`,
  `data.url.path.startsWith('/a') || data.n > 5`,
  `size(data.list) < 2`,
  `data.n % 2 == 0 && project == 'p1'`,
  `data.list.exists(x, x == data.n)`,
  `event_type != 'events.NormalType'`,
  `has(data.absent)`,
  `data.absent == 1`,
  `summary.kind == 'b' && user == null`,
  `topic.matches('^where-[0-9]+$')`,
  `data.text > '\uff5e'`,
  `data.text <= '\u{10000}' && data.n > 2`,
  `sender >= '\u{10000}'`,
  `sender < '\uff5e' || data.text == '\u{1f600}'`,
  `data.big > 9007199254740991 && data.big < 9007199254740993`,
  `data.big >= 9007199254740992.0`,
  `data.big <= 9007199254740993u`,
  `data.big == 9007199254740992 || data.big in [9007199254740994u, 9007199254740993]`,
  `created_at > timestamp('2020-01-01T00:00:00Z')`,
  `status == 'PENDING'`,
  `true`,
  `false`,
];

describeDatabases('a filter in CEL', (backend) => {
  const gateway = composedOnce(backend);

  async function sent(count: number): Promise<string> {
    const topic = fresh('where');
    const inputs = Array.from({ length: count }, (_, n) => ({
      topic,
      project: `p${n % 3}`,
      ...(n % 4 > 0 && { user: 'ann' }),
      ...(n % 7 === 0 && { finished: false }),
      sender: texts[(n + 1) % 4]!,
      summary: { kind: n % 2 ? 'a' : 'b' },
      payload: {
        n: n % 10,
        text: texts[n % 4]!,
        big: numbers[n % 4]!,
        method: methods[n % 3],
        url: { path: `/${'ab'[n % 2]}${n % 5 ? '/meow' : ''}` },
        list: Array.from({ length: n % 4 }, (_item, place) => place * 2),
      },
    }));
    await gateway().operations.sendEvents(tester, inputs);
    return topic;
  }

  const order = { by: 'CREATED', direction: 'ASC' } as const;

  async function listed(filter: object, first = 1_000): Promise<string[]> {
    const { rows } = await gateway().operations.listEvents(filter, order, { first }, ['topic']);
    return rows.map(({ row }) => row.id);
  }

  /** What the filter says of each event by itself. */
  async function expected(topic: string, where: string): Promise<string[]> {
    const ids = await listed({ topics: [topic] });
    const events = await Promise.all(ids.map((id) => gateway().read(id)));
    return events.filter((event) => checkCel(where)!.test(event).matches).map(({ id }) => id);
  }

  test.each(filters)('selects in lists what it says of each event: %s', async (where) => {
    const topic = await sent(60);
    const wanted = await expected(topic, where);
    expect(await listed({ topics: [topic], where })).toEqual(wanted);
    const { count, exact } = await gateway().operations.countEvents({ topics: [topic], where });
    expect({ count, exact }).toEqual({ count: wanted.length, exact: true });
  });

  test.each(filters)('selects sources of jobs by the same answer: %s', async (where) => {
    const topic = await sent(60);
    const finished = new Set(await listed({ topics: [topic], statuses: ['FINISHED'] }));
    const wanted = (await expected(topic, where)).filter((id) => finished.has(id));
    const jobs = await enrollMany(
      gateway(),
      { sourceTopics: [topic], targetTopic: fresh('target'), where },
      100,
    );
    expect(jobs.map(({ source }) => source!.id)).toEqual(wanted);
  });

  test('selects in feeds, live and replayed, by the same answer', async () => {
    const where = `data.method == 'GET' && data.list.exists(x, x == data.n)`;
    const after = String(await gateway().operations.position());
    const query = `subscription ($after: Position, $where: String) {
      eventFeed(where: $where, after: $after, kinds: [CREATED]) { event { id topic } } }`;
    const live = await gateway().subscribe<{ eventFeed: { event: { id: string } } }>(query, { where });
    const topic = await sent(60);
    const replayed = await gateway().subscribe<{ eventFeed: { event: { id: string } } }>(query, {
      where,
      after,
    });
    for (const reader of [live, replayed]) {
      const ids: string[] = [];
      for (const _ of await expected(topic, where)) ids.push((await reader.next()).eventFeed.event.id);
      expect(ids).toEqual(await expected(topic, where));
      reader.stop();
    }
  });

  test('pages through, in both directions', async () => {
    const topic = await sent(60);
    const where = `data.list.exists(x, x == 2)`;
    const wanted = await expected(topic, where);
    for (const direction of ['ASC', 'DESC'] as const) {
      const found: string[] = [];
      let after: string | null = null;
      for (let more = true; more;) {
        const page = await gateway().operations.listEvents(
          { topics: [topic], where },
          { by: 'CREATED', direction },
          { first: 4, after },
          [],
        );
        found.push(...page.rows.map(({ row }) => row.id));
        ({ endCursor: after, hasNextPage: more } = page);
      }
      expect(direction === 'ASC' ? found : found.reverse()).toEqual(wanted);
    }
  });

  test('that finds nothing stops at the scan limit, with a cursor to continue from', async () => {
    const topic = fresh('much');
    const inputs = Array.from({ length: 4_000 }, (_, n) => ({ topic, payload: { n } }));
    for (let times = 0; times < 3; times++) await gateway().operations.sendEvents(tester, inputs);
    const list = (after: string | null) =>
      gateway().operations.listEvents(
        { topics: [topic], where: 'size(data) == 2 || data.n == -1.5 * 2.0' },
        order,
        { first: 10, after },
        [],
      );
    const first = await list(null);
    expect(first.rows).toEqual([]);
    expect(first.hasNextPage).toBe(true);
    let calls = 1;
    for (let page = first; page.hasNextPage; calls += 1) page = await list(page.endCursor);
    expect(calls).toBeGreaterThanOrEqual(Math.ceil(12_000 / limits.celRows));
    const { exact } = await gateway().operations.countEvents({ topics: [topic], where: 'size(data) == 2' });
    expect(exact).toBe(false);
  });

  test('in bulk deletes what its dry run says', async () => {
    const topic = fresh('tree');
    const send = async (n: number, dependsOn?: string) =>
      gateway().send({ topic, payload: { n }, ...(dependsOn && { dependsOn }) });
    const root = await send(2);
    const kept = await send(1, root);
    const parent = await send(2);
    const child = await send(4, parent);
    const deep = await send(6, child);
    const alone = await send(8, kept);
    const where = `topic == '${topic}' && data.n % 2 == 0`;
    const { operations } = gateway();
    const dry = await operations.deleteEvents(tester, { where }, true);
    expect(new Set(dry.ids)).toEqual(new Set([parent, child, deep, alone]));
    const real = await operations.deleteEvents(tester, { where }, false);
    expect(new Set(real.ids)).toEqual(new Set(dry.ids));
    expect(await listed({ topics: [topic] })).toEqual([root, kept]);
  });

  test('in bulk restarts and aborts only what it selects', async () => {
    const topic = await sent(30);
    const where = `data.n == 3`;
    const { operations } = gateway();
    const wanted = await expected(topic, where);
    const { ids } = await operations.restartEvents(tester, { topics: [topic], where }, false);
    expect(new Set(ids)).toEqual(new Set(wanted));
    const aborted = await operations.abortEvents(tester, { topics: [topic], where }, false);
    expect(aborted.count).toBe(wanted.length);
    expect(await listed({ topics: [topic], statuses: ['ABORTED'] })).toEqual(wanted);
  });

  test('that is wrong is refused, with its place', async () => {
    const { operations } = gateway();
    const where = `data.method == 'GET' && data.url.path.endswith('/meow')`;
    const refusals = [
      () => operations.listEvents({ where }, order, {}, []),
      () => operations.countEvents({ where }),
      () => operations.deleteEvents(tester, { where }, true),
      () => enrollMany(gateway(), { targetTopic: 'target', where }, 1),
    ];
    for (const ask of refusals) {
      expect(await refusalOf(ask())).toMatchObject({
        code: 'INVALID_FILTER',
        details: { line: 1, suggestion: 'endsWith' },
      });
    }
    const { data } = await gateway().ask<{ verifyFilter: object }>(
      'query ($f: String!) { verifyFilter(expression: $f) { valid message line column suggestion } }',
      { f: where },
    );
    expect(data?.verifyFilter).toMatchObject({ valid: false, line: 1, suggestion: 'endsWith' });
    const right = await gateway().ask('{ verifyFilter(expression: "data.n > 1") { valid message line } }');
    expect(right.data).toEqual({ verifyFilter: { valid: true, message: null, line: null } });
  });
});
