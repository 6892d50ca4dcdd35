// What a restricted key's statements cost: as many as an admin's, by indexes, with full pages.
import { execute, parse } from 'graphql';
import { expect, test } from 'vitest';
import type { RowScope } from '../../src/domain/access/row-scope.ts';
import { scopePresets } from '../../src/domain/access/scopes.ts';
import { createContext } from '../../src/graphql/context.ts';
import { schema } from '../../src/graphql/schema.ts';
import type { Caller } from '../../src/operations/callers.ts';
import { describeDatabases, describePostgres, type Backend } from '../support/database.ts';
import { composedOnce, fresh, operationsOn, tester } from '../support/gateway.ts';
import { plansOf, recording, wholeReads } from '../support/plans.ts';

const unrestricted = { projects: null, topics: null, requestIds: null };

function restricted(rows: RowScope | null): Caller {
  return { name: 'limited', keyId: 'limited', scopes: scopePresets.operator, rows, requestId: null };
}

function asking(backend: Backend) {
  const gateway = composedOnce(backend);

  /** Answers, with the statements that it took. */
  async function asked(caller: Caller, query: string) {
    const { database, statements } = recording(gateway().database);
    const composed = await operationsOn(database);
    statements.length = 0;
    const result = await execute({
      schema,
      document: parse(query),
      contextValue: createContext({
        caller,
        operations: composed.operations,
        watch: composed.watching.live(caller),
      }),
    });
    const taken = [...statements];
    await composed.stop();
    expect(result).not.toHaveProperty('errors');
    return { data: result as any, statements: taken };
  }

  return { gateway, asked };
}

const page = '{ events(first: 50) { nodes { id topic project } pageInfo { hasNextPage } } }';

describeDatabases('A restricted key’s call', (backend) => {
  const { gateway, asked } = asking(backend);
  const project = fresh('project');
  const key = restricted({ ...unrestricted, projects: [project] });

  async function fill() {
    const inputs = (name: string, topic: string) =>
      Array.from({ length: 200 }, () => ({ topic, project: name }));
    for (const name of [project, 'other', 'other'])
      await gateway().operations.sendEvents(tester, inputs(name, 't.a'));
  }

  test('of sendEvent takes as many statements as an admin’s', async () => {
    const send = `mutation { sendEvent(input: {topic: "a", project: "${project}"}) { event { id topic } } }`;
    const [admin, limited] = [await asked(tester, send), await asked(key, send)];
    expect(admin.statements.length).toBeGreaterThan(0);
    expect(limited.statements).toHaveLength(admin.statements.length);
  });

  test('for a page of 50 takes as many statements as an admin’s, and the page is full', async () => {
    await fill();
    const [admin, limited] = [await asked(tester, page), await asked(key, page)];
    expect(limited.statements).toHaveLength(admin.statements.length);
    const { nodes, pageInfo } = limited.data.data.events;
    expect(nodes).toHaveLength(50);
    expect(nodes.every((node: { project: string }) => node.project === project)).toBe(true);
    expect(pageInfo.hasNextPage).toBe(true);
  });

  test('for a key that sees all but the audit takes as many, too', async () => {
    const [admin, limited] = [await asked(tester, page), await asked(restricted(null), page)];
    expect(limited.statements).toHaveLength(admin.statements.length);
    expect(limited.data).toEqual(admin.data);
  });
});

describePostgres('A restricted key’s page', (backend) => {
  const { gateway, asked } = asking(backend);
  const requestId = fresh('request');

  test.each([
    ['a project', { ...unrestricted, projects: ['project 3'] }],
    ['projects', { ...unrestricted, projects: ['project 3', 'project 4'] }],
    ['topics', { ...unrestricted, topics: ['topic.3', 'topic.1*'] }],
    ['a request', { ...unrestricted, requestIds: [requestId] }],
  ])('of %s reads by index, and is full', async (_, rows) => {
    const { operations, database } = gateway();
    const inputs = Array.from({ length: 4_000 }, (_item, n) => ({
      topic: `topic.${n % 20}`,
      project: `project ${n % 20}`,
      requestId: n % 20 === 0 ? requestId : fresh('other'),
    }));
    await operations.sendEvents(tester, inputs);
    await database.query({ text: 'ANALYZE', values: [] });
    const { data, statements } = await asked(restricted(rows), page);
    expect(data.data.events.nodes).toHaveLength(50);
    for (const statement of statements)
      for (const plan of await plansOf(database, statement)) expect(wholeReads(plan)).toEqual([]);
  });
});
