// Services written for AYON: its documentation's example, in Python and in TypeScript, and the loops of real ones.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeDatabases } from '../support/database.ts';
import { adminKey, ayonGateway, type AyonClient, newTopic } from './support.ts';

/** A Python with the package requests: the one on the path, or Debian's. */
const python = ['python3', '/usr/bin/python3'].find(
  (command) => spawnSync(command, ['-c', 'import requests']).status === 0,
);
/** In CI its absence is a failure. */
const isSkipped = python === undefined && process.env.CI === undefined;

async function folderIsApproved(client: AyonClient): Promise<string> {
  const topic = 'entity.folder.status_changed';
  await client.send({ topic, project: 'film', user: 'jane', payload: { newValue: 'Rejected' } });
  return client.send({ topic, project: 'film', user: 'jane', payload: { newValue: 'Approved' } });
}

/** The job of the approved folder alone, finished. */
async function expectCoffee(client: AyonClient, source: string): Promise<void> {
  const filter = { conditions: [{ key: 'topic', value: 'example.brew_coffee_on_approve' }] };
  const { body } = await client.ask('POST', '/api/query', { entity: 'event', filter });
  expect(body.filter((job: { depends_on: string }) => job.depends_on === source)).toMatchObject([
    {
      status: 'finished',
      project: 'film',
      sender: 'coffee-maker',
      description: 'Coffee for jane brewed successfully',
    },
  ]);
}

describeDatabases('Services written for AYON', (backend) => {
  const client = ayonGateway(backend);

  it.skipIf(isSkipped)('brews coffee in Python (needs python3-requests)', async () => {
    const source = await folderIsApproved(client());
    const script = spawn(python ?? 'python3', [join(import.meta.dirname, 'seed/brew_coffee.py')], {
      env: { ...process.env, AYON_SERVER_URL: `${client().url}/ayon`, AYON_API_KEY: adminKey },
    });
    let printed = '';
    script.stdout.on('data', (data: Buffer) => (printed += data.toString()));
    script.stderr.on('data', (data: Buffer) => (printed += data.toString()));
    const [code] = (await once(script, 'close')) as [number];
    expect([code, printed]).toEqual([0, 'Brewing coffee for jane...\n']);
    await expectCoffee(client(), source);
  });

  it('brews coffee in TypeScript', async () => {
    const source = await folderIsApproved(client());
    const { status, body: job } = await client().enroll({
      sourceTopic: 'entity.folder.status_changed',
      targetTopic: 'example.brew_coffee_on_approve',
      sender: 'coffee-maker',
      description: 'Preparing to brew coffee on folder approval',
      filter: { conditions: [{ key: 'payload/newValue', value: 'Approved' }] },
    });
    expect(status).toBe(200);
    const { project, user } = await client().read(job.dependsOn);
    await client().patch(job.id, {
      status: 'in_progress',
      description: `Brewing coffee for ${user}...`,
      project,
    });
    await client().patch(job.id, {
      status: 'finished',
      description: `Coffee for ${user} brewed successfully`,
    });
    await expectCoffee(client(), source);
  });

  describe('the loops of services', () => {
    it('ftrack’s: a leecher stores each event once, a processor works in order and marks what is stuck', async () => {
      const topic = newTopic('ftrack.leech');
      const target = newTopic('ftrack.proc');
      for (const hash of ['one', 'two', 'one']) {
        const { status } = await client().ask('POST', '/api/events', { topic, hash: `${topic}.${hash}` });
        expect(status).toBe(hash === 'one' && (await countOf(topic)) === 2 ? 409 : 200);
      }
      const body = { sourceTopic: topic, targetTopic: target, sender: 'processor', sequential: true };
      const first = (await client().enroll(body)).body;
      const { data } = await client().graphql(
        `query ($t: [String!], $s: [String!], $o: String!) { events(topics: $t, statuses: $s, olderThan: $o, first: 300) { edges { node { id } } } }`,
        {
          t: [target],
          s: ['pending'],
          o: new Date(Date.now() + 60_000).toISOString().replace('Z', '000+00:00'),
        },
      );
      expect(data.events.edges).toEqual([{ node: { id: first.id } }]);
      await client().patch(first.id, { status: 'failed', description: 'Stuck event' });
      expect((await client().enroll(body)).body.id).toBe(first.id);
      await client().patch(first.id, { status: 'finished' });
      expect((await client().enroll(body)).body.dependsOn).not.toBe(first.dependsOn);
    });

    async function countOf(topic: string): Promise<number> {
      const filter = { conditions: [{ key: 'topic', value: topic }] };
      return (await client().ask('POST', '/api/query', { entity: 'event', filter })).body.length;
    }

    it('a comment sync: finished, then failed with a payload, and the last good one is asked for', async () => {
      const topic = newTopic('comments');
      const good = await client().send({ topic, description: 'Synced' });
      const id = await client().send({ topic });
      await client().patch(id, { status: 'failed', payload: { traceback: 'x' } });
      const { data } = await client().graphql(
        `query ($t: [String!], $s: [String!]) { events(topics: $t, statuses: $s, last: 1) { edges { node { id } } pageInfo { endCursor hasPreviousPage } } }`,
        { t: [topic], s: ['finished'] },
      );
      expect(data.events.edges).toEqual([{ node: { id: good } }]);
      expect(await client().read(id)).toMatchObject({ status: 'failed', payload: { traceback: 'x' } });
    });
  });

  it('hides the gateway’s own events', async () => {
    await client().newKey({ name: newTopic(), scopes: ['events:read'] });
    const { data } = await client().graphql(
      '{ events(topics: ["throughline.*"]) { edges { node { topic } } } }',
    );
    expect(data.events.edges).toEqual([]);
  });
});
