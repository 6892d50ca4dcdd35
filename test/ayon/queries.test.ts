// AYON's filters, its query, its operations on many events, and its GraphQL, line by line of the contract.
import { beforeAll, describe, expect, it } from 'vitest';
import { describeDatabases } from '../support/database.ts';
import { ayonGateway, newTopic } from './support.ts';

describeDatabases('AYON’s queries', (backend) => {
  const client = ayonGateway(backend);

  async function query(filter: object | null, more: object = {}) {
    const { status, body } = await client().ask('POST', '/api/query', { entity: 'event', filter, ...more });
    if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
    return body as { id: string }[];
  }

  describe('filters', () => {
    const topic = 'filters.test';
    let a = '';
    let b = '';
    beforeAll(async () => {
      const headers = { 'x-sender-type': 'web' };
      a = await client().send(
        {
          topic,
          sender: 'alpha',
          project: 'P1',
          summary: { n: 1, list: [1, 2], flag: true, text: 'He said "hi" 50%' },
        },
        { headers },
      );
      b = await client().send({
        topic,
        finished: false,
        depends_on: a,
        summary: { n: '1', list: [], deep: { x: null } },
      });
      await client().patch(b, { retries: 2 });
    });

    const found = async (condition: object) => {
      const all = { conditions: [{ key: 'topic', value: topic }, condition] };
      return (await query(all))
        .map(({ id }) => (id === a ? 'a' : 'b'))
        .sort()
        .join('');
    };

    it.each([
      [{ key: 'sender', value: 'alpha' }, 'a'],
      [{ key: 'sender', value: 'other', operator: 'ne' }, 'a'],
      [{ key: 'sender_type', value: 'web' }, 'a'],
      [{ key: 'senderType', value: 'api' }, 'b'],
      [{ key: 'project_name', value: 'P1' }, 'a'],
      [{ key: 'project', operator: 'isnull' }, 'b'],
      [{ key: 'project', operator: 'NOT-NULL' }, 'a'],
      [{ key: 'user_name', value: 'adm%', operator: 'like' }, 'ab'],
      [{ key: 'retries', value: 1, operator: 'gt' }, 'b'],
      [{ key: 'retries', value: 2, operator: 'LTE' }, 'ab'],
      [{ key: 'status', value: 'pending' }, 'b'],
      [{ key: 'status', value: ['finished', 'failed'], operator: 'in' }, 'a'],
      [{ key: 'status', value: ['finished'], operator: 'NOT_IN' }, 'b'],
      [{ key: 'status', value: 'p', operator: 'lt' }, 'a'],
      [{ key: 'status', value: 'FIN%', operator: 'like' }, 'a'],
      [{ key: 'createdAt', value: '2020-01-01T00:00:00+02:00', operator: 'gt' }, 'ab'],
      [{ key: 'summary/n', value: 1 }, 'a'],
      [{ key: 'summary.n', value: '1' }, 'b'],
      [{ key: 'summary/n', value: '1', operator: 'ne' }, 'a'],
      [{ key: 'summary/flag', value: true }, 'a'],
      [{ key: 'summary/flag', value: false }, 'b'],
      [{ key: 'summary/text', value: ['He said "hi" 50%'], operator: 'in' }, 'a'],
      [{ key: 'summary/text', value: '%SAID%50\\%', operator: 'like' }, 'a'],
      [{ key: 'summary/list', value: 1, operator: 'includes' }, 'a'],
      [{ key: 'summary/list', value: 1, operator: 'excludes' }, 'b'],
      [{ key: 'summary/list', value: [1, 2], operator: 'includes-all' }, 'a'],
      [{ key: 'summary/list', value: [1, 3], operator: 'excludesall' }, 'ab'],
      [{ key: 'summary/list', value: [1, 3], operator: 'includesany' }, 'a'],
      [{ key: 'summary/list', value: [], operator: 'eq' }, 'b'],
      [{ key: 'summary/list', value: [], operator: 'ne' }, 'a'],
      [{ key: 'summary/deep/x', operator: 'notnull' }, 'b'],
      [{ key: 'summary/deep/x', operator: 'isnull' }, 'a'],
      [{ key: 'sender', value: [], operator: 'in' }, ''],
      [{ key: 'sender', value: [], operator: 'notin' }, 'ab'],
      [{ operator: 'OR', conditions: [{ key: 'sender', value: 'alpha' }, { conditions: [] }] }, 'a'],
      [
        {
          operator: 'or',
          conditions: [
            { key: 'sender', value: 'alpha' },
            { key: 'retries', value: 2 },
          ],
        },
        'ab',
      ],
      [{ conditions: [] }, 'ab'],
    ])('%j finds %s', async (condition, expected) => {
      expect(await found(condition)).toBe(expected);
    });

    it('takes ids of 32 digits', async () => {
      expect(await found({ key: 'id', value: a })).toBe('a');
      expect(await found({ key: 'dependsOn', value: a })).toBe('b');
      expect(await found({ key: 'depends_on', value: [a], operator: 'in' })).toBe('b');
    });

    it.each([
      { key: 'x', value: 1 },
      { key: 'summary', value: 1 },
      { key: 'payload/', value: 1 },
      { key: 'topic', value: 'a', operator: 'contains' },
      { key: 'topic', value: ['a'] },
      { key: 'topic', value: 'a', operator: 'in' },
      { key: 'topic', value: null },
      { key: 'topic', value: 'a', operator: 'includes' },
      { key: 'retries', value: '1' },
      { key: 'id', value: 'x' },
      { value: 1 },
      5,
      { operator: 'xor', conditions: [{ key: 'topic', value: 'a' }] },
    ])('%j is refused', async (condition) => {
      const { status, body } = await client().ask('POST', '/api/query', {
        entity: 'event',
        filter: { conditions: [condition] },
      });
      expect([status, body]).toEqual([400, { code: 400, detail: expect.any(String) }]);
    });
  });

  it('query answers the newest first, in snake_case, without nulls', async () => {
    const topic = newTopic();
    const ids = [];
    for (let n = 0; n < 5; n += 1) ids.unshift(await client().send({ topic }));
    const filter = { conditions: [{ key: 'topic', value: topic }] };
    expect((await query(filter)).map(({ id }) => id)).toEqual(ids);
    expect((await query(filter, { limit: 2, offset: 1 })).map(({ id }) => id)).toEqual(ids.slice(1, 3));
    expect(await query(filter, { offset: 5 })).toEqual([]);
    expect(await query(filter, { limit: 0 })).toEqual([]);
    expect(Object.keys((await query(filter))[0]!).sort()).toEqual([
      'created_at',
      'description',
      'hash',
      'id',
      'payload',
      'retries',
      'sender_type',
      'status',
      'summary',
      'topic',
      'updated_at',
      'user',
    ]);
    for (const wrong of [
      { entity: 'folder' },
      { entity: 'event', limit: -1 },
      { entity: 'event', offset: -1 },
      {},
    ])
      expect((await client().ask('POST', '/api/query', wrong)).status).toBe(400);
  });

  it('eventops restarts, aborts and deletes what a filter selects, and what it can', async () => {
    const topic = newTopic();
    const other = await client().send({ topic: newTopic() });
    const parent = await client().send({ topic });
    const kept = await client().send({ topic });
    const child = await client().send({ topic, dependsOn: parent });
    await client().send({ topic: newTopic(), dependsOn: kept });
    const filter = { conditions: [{ key: 'topic', value: topic }] };
    const operate = (type: string, given: object | null = filter) =>
      client().ask('POST', '/api/eventops', { type, filter: given });
    const restarted = await operate('restart');
    expect([restarted.status, restarted.body]).toEqual([200, null]);
    expect((await client().read(child)).status).toBe('restarted');
    await operate('abort');
    expect((await client().read(child)).status).toBe('aborted');
    await operate('delete');
    for (const id of [parent, child]) expect((await client().get(`/api/events/${id}`)).status).toBe(404);
    for (const id of [kept, other]) expect((await client().get(`/api/events/${id}`)).status).toBe(200);
    for (const given of [null, {}, { conditions: [] }, { conditions: [{ conditions: [] }] }])
      expect((await operate('delete', given)).status).toBe(400);
    expect((await operate('explode')).status).toBe(400);
  });

  describe('GraphQL', () => {
    const prefix = 'listed';
    const ids: string[] = [];
    beforeAll(async () => {
      for (let n = 0; n < 7; n += 1)
        ids.push(
          await client().send({
            topic: `${prefix}.n${n}`,
            project: 'lp',
            description: `Words_${n} of Größe`,
            summary: { n },
            sender: 'hidden',
          }),
        );
    });

    interface Page {
      readonly edges: { cursor: string; node: { id: string } }[];
      readonly pageInfo: Record<string, unknown>;
    }

    const list = async (args: string, variables = {}, declared = ''): Promise<Page> => {
      const text = `query Events${declared} { events(${args}) { edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;
      const { data, errors } = await client().graphql(text, variables);
      if (errors) throw new Error(JSON.stringify(errors));
      return data.events as Page;
    };
    const idsOf = ({ edges }: Page) => edges.map(({ node }) => node.id);
    const topics = `topics: ["${prefix}.*"]`;

    it('takes the variables that the client declares, and answers every field', async () => {
      const { data } = await client().graphql(
        `query Events($eventTopics: [String!], $includeLogsFilter: Boolean!, $newerThanFilter: String!) {
          events(topics: $eventTopics, includeLogs: $includeLogsFilter, newerThan: $newerThanFilter, first: 1) {
            edges { node { id hash topic status description summary createdAt updatedAt retries project user sender dependsOn payload data } }
            pageInfo { endCursor hasNextPage } } }`,
        {
          eventTopics: [`${prefix}.*`],
          includeLogsFilter: false,
          newerThanFilter: '2020-01-01T00:00:00+00:00',
        },
      );
      expect(data.events.edges[0].node).toMatchObject({
        id: ids[0],
        hash: ids[0],
        status: 'finished',
        summary: '{"n":0}',
        retries: 0,
        project: 'lp',
        user: 'admin',
        sender: 'hidden',
        dependsOn: null,
        data: null,
      });
    });

    it('pages oldest first by first and after', async () => {
      const one = await list(`${topics}, first: 3`);
      expect(idsOf(one)).toEqual(ids.slice(0, 3));
      expect(one.pageInfo).toMatchObject({ hasNextPage: true, endCursor: one.edges[2]!.cursor });
      const rest = await list(`${topics}, first: 10, after: "${one.pageInfo.endCursor}"`);
      expect(idsOf(rest)).toEqual(ids.slice(3));
      expect(rest.pageInfo.hasNextPage).toBe(false);
      expect(idsOf(await list(topics))).toEqual(ids);
    });

    it('pages newest first by last and before, and goes on with either cursor', async () => {
      const newest = ids.toReversed();
      const one = await list(`${topics}, last: 3`);
      expect(idsOf(one)).toEqual(newest.slice(0, 3));
      const oldest = one.edges[2]!.cursor;
      expect(one.pageInfo).toMatchObject({ hasPreviousPage: true, startCursor: oldest, endCursor: oldest });
      const two = await list(`${topics}, last: 10, before: "${oldest}"`);
      expect(idsOf(two)).toEqual(newest.slice(3));
      expect(two.pageInfo.hasPreviousPage).toBe(false);
    });

    it('answers the newest with first and last together', async () => {
      expect(idsOf(await list(`${topics}, first: 1, last: 1`))).toEqual([ids.at(-1)]);
    });

    it('selects by each argument; an empty list or a name that nobody has selects nothing', async () => {
      expect(idsOf(await list(`ids: ["${ids[2]}", "no'\\"id"]`))).toEqual([ids[2]]);
      expect(
        idsOf(await list(`${topics}, projects: ["lp"], users: ["admin"], statuses: ["finished"]`)),
      ).toEqual(ids);
      expect(idsOf(await list(`${topics}, states: ["failed"]`))).toEqual([]);
      for (const nothing of ['ids', 'topics', 'projects', 'users', 'statuses', 'states'])
        for (const value of ['[]', `["'; \\"\\" --"]`, '["nobody.at.all"]'])
          expect(idsOf(await list(`${nothing}: ${value}`))).toEqual([]);
    });

    it('leaves out logs unless topics or includeLogs say otherwise', async () => {
      const id = await client().send({ topic: 'log.info', project: 'logs' });
      const like = await client().send({ topic: 'login', project: 'logs' });
      expect(idsOf(await list('projects: ["logs"]'))).toEqual([like]);
      expect(idsOf(await list('projects: ["logs"], includeLogs: true'))).toEqual([id, like]);
      expect(idsOf(await list('projects: ["logs"], topics: ["log.*"]'))).toEqual([id]);
    });

    it('compares creation times strictly, with any offset', async () => {
      const { createdAt } = await client().read(ids[3]!);
      expect(idsOf(await list(`${topics}, newerThan: "${createdAt}"`))).not.toContain(ids[3]);
      expect(idsOf(await list(`${topics}, olderThan: "${createdAt}"`))).not.toContain(ids[3]);
      const shifted = new Date(Date.parse(createdAt) + 7_200_000).toISOString().replace('Z', '000+02:00');
      const newer = idsOf(await list(`${topics}, newerThan: "${createdAt}"`));
      expect(idsOf(await list(`${topics}, newerThan: "${shifted}"`))).toEqual(newer);
      await expect(list('newerThan: "yesterday"')).rejects.toThrow('ISO 8601');
    });

    it('finds words in topic, project, user and description, in any case, and not in the sender', async () => {
      const search = async (words: string) =>
        idsOf(await list(`${topics}, filter: $words`, { words }, '($words: String!)'));
      expect(await search('WORDS_3 grösse')).toEqual([]);
      expect(await search('WORDS_3 GRÖßE')).toEqual([ids[3]]);
      expect(await search('listed.n4')).toEqual([ids[4]]);
      expect(await search('wordsX3')).toEqual([]);
      expect(await search('hidden')).toEqual([]);
      expect(await search('LP admin of')).toEqual(ids);
    });

    it('tells those with children from those without', async () => {
      await client().send({ topic: newTopic(), dependsOn: ids[1] });
      expect(idsOf(await list(`${topics}, hasChildren: true`))).toEqual([ids[1]]);
      expect(idsOf(await list(`${topics}, hasChildren: false`))).toHaveLength(6);
    });

    it('answers 200 with errors for what is wrong', async () => {
      for (const text of [
        '{',
        '{ nothing }',
        '{ events(first: 1, after: "x") { edges { cursor } } }',
        '{ events(first: -1) { edges { cursor } } }',
      ]) {
        const { status, body } = await client().ask('POST', '/graphql', { query: text });
        expect([status, body.errors.length]).toEqual([200, 1]);
      }
      const many = Array.from({ length: 5 }, (_, n) => `a${n}: events { edges { cursor } }`).join(' ');
      expect((await client().graphql(`{ ${many} }`)).errors[0].message).toContain('4 lists');
    });

    it('is refused to a key that may not read, and shows a restricted key its rows alone', async () => {
      const key = await client().newKey({ name: 'restricted', scopes: ['events:read'], projects: ['other'] });
      const asked = { query: `{ events(${topics}) { edges { node { id } } } }` };
      const { body } = await client().ask('POST', '/graphql', asked, { key });
      expect(body.data.events.edges).toEqual([]);
      expect((await client().get(`/api/events/${ids[0]}`, { key })).status).toBe(404);
    });
  });
});
