// The commands for events: send, tail, chain and events.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createClient } from '../../src/client/client.ts';
import { describeDatabases, describeEmbedded } from '../support/database.ts';
import { fresh } from '../support/gateway.ts';
import { freePort } from '../support/port.ts';
import { adminKey, builtProgram, settingsFor, startGateway } from '../support/process.ts';
import { Program } from '../support/program.ts';
import { cliTests, linesOf } from './support.ts';

interface Sent {
  readonly id: string;
  readonly requestId: string;
  readonly duplicate: boolean;
  readonly position: string;
}

interface Listed {
  readonly id: string;
  readonly topic: string;
  readonly status: string;
  readonly payload: { readonly n: number };
}

interface Change {
  readonly position: string;
  readonly kind: string;
  readonly event: Listed;
}

describeDatabases('throughline send', (backend) => {
  const cli = cliTests(backend);

  test('sends an event from arguments, once with a hash', async () => {
    const topic = fresh('order');
    const args = [
      'send',
      topic,
      '{"n": 1}',
      '--hash',
      topic,
      '-r',
      `${topic}-r`,
      '-p',
      'shop',
      '--summary',
      '{"s": 2}',
    ];
    const { code, stdout } = await cli.run(args);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^[0-9a-f-]{36} ${topic}-r\n$`));
    const [again] = await cli.json<Sent>(args);
    expect(again).toMatchObject({ id: stdout.slice(0, 36), duplicate: true });
    const [listed] = await cli.json<Listed>(['events', '--topic', topic, '--payload']);
    expect(listed).toMatchObject({
      status: 'FINISHED',
      payload: { n: 1 },
      summary: { s: 2 },
      project: 'shop',
    });
  });

  test('sends a payload from a file, a job, a scheduled event and a child', async () => {
    const topic = fresh('order');
    await writeFile(join(cli.folder, 'payload.json'), '{"n": 7}');
    const [parent] = await cli.json<Sent>(['send', topic, '@payload.json', '--pending']);
    const [child] = await cli.json<Sent>(['send', topic, '--parent', parent!.id]);
    expect(child!.requestId).toBe(parent!.requestId);
    await cli.run(['send', topic, '--at', '2h']);
    const statuses = (await cli.json<Listed>(['events', '--topic', topic, '--oldest-first'])).map(
      ({ status }) => status,
    );
    expect(statuses).toEqual(['PENDING', 'FINISHED', 'PENDING']);
    expect(await cli.json(['events', '--topic', topic, '--scheduled'])).toHaveLength(1);
  });

  test('sends the lines of standard input in order, and says which were refused', async () => {
    const topic = fresh('bulk');
    const lines = Array.from({ length: 1_200 }, (_, n) => JSON.stringify({ topic, payload: { n } }));
    lines[600] = '{"topic": "not a topic"}';
    const { code, stdout, stderr } = await cli.run(['send'], { input: `${lines.join('\n\n')}\n` });
    expect(code).toBe(6);
    expect(linesOf(stdout)).toHaveLength(1_199);
    expect(stderr).toMatch(/^line 1201: .*BAD_USER_INPUT.*\n1199 sent, 0 duplicates, 1 refused\n$/);
    const listed = await cli.json<Listed>([
      'events',
      '--topic',
      topic,
      '--payload',
      '--oldest-first',
      '--limit',
      '2000',
    ]);
    expect(listed.map(({ payload }) => payload.n)).toEqual(
      Array.from({ length: 1_200 }, (_, n) => n).filter((n) => n !== 600),
    );
  });

  test('sends the lines of a file as payloads of one topic; a line that is no JSON ends it', async () => {
    const topic = fresh('bulk');
    await writeFile(join(cli.folder, 'payloads.ndjson'), '{"n": 1}\n{"n": 2}');
    const sent = await cli.json<Sent & { line: number }>([
      'send',
      topic,
      '--file',
      'payloads.ndjson',
      '--sender',
      'import',
    ]);
    expect(sent.map(({ line }) => line)).toEqual([1, 2]);
    expect(await cli.json(['events', '--topic', topic, '--sender', 'import'])).toHaveLength(2);
    const { code, stderr } = await cli.run(['send', topic, '--file', '-'], { input: '{"n": 1}\nnonsense\n' });
    expect(code).toBe(2);
    expect(stderr).toContain('Line 2 is not JSON');
    expect((await cli.run(['send', topic, '--file', 'missing.ndjson'])).code).toBe(1);
  });

  test('a line has a bound', async () => {
    const { code, stderr } = await cli.run(['send', 'a.b', '--file', '-'], { input: 'x'.repeat(9_000_000) });
    expect(code).toBe(2);
    expect(stderr).toContain('A line has more than 8388608 bytes.');
  });
});

describeEmbedded('throughline tail', (backend) => {
  const cli = cliTests(backend);

  test('prints changes from a position on, with filters, and ends after its limit', async () => {
    const topic = fresh('tail');
    for (const n of [1, 2, 3, 4]) await cli.client.send(topic, { n });
    await cli.client.send(fresh('other'), { n: 5 });
    const after = ['--after', '0', '--json'];
    const changes = await cli.json<Change>(['tail', topic, '-w', 'data.n > 1', '-n', '3', ...after]);
    expect(changes.map(({ event }) => event.payload.n)).toEqual([2, 3, 4]);
    const { stdout } = await cli.run([
      'tail',
      `${topic.slice(0, -1)}*`,
      '-n',
      '1',
      '--after',
      '0',
      '--no-payload',
    ]);
    expect(stdout).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} {2}FINISHED/);
  });

  test('follows live until Ctrl+C, and ends with 130', async () => {
    const topic = fresh('tail');
    const before = await cli.client.send(topic, { n: 0 });
    const tail = cli.start(['tail', topic, '--after', before.position!, '--json']);
    await cli.client.send(topic, { n: 1 });
    await tail.said(/"n":1/);
    await cli.client.send(topic, { n: 2 });
    await tail.said(/"n":2/);
    tail.signal('SIGINT');
    expect(await tail.exit).toEqual({ code: 130, signal: null });
    expect(linesOf(tail.stdout)).toHaveLength(2);
  });

  test('goes on where the last run ended with a file of its position', async () => {
    const topic = fresh('tail');
    for (const n of [1, 2, 3]) await cli.client.send(topic, { n });
    const run = (limit: string) =>
      cli.json<Change>(['tail', topic, '--after', '0', '-n', limit, '--position-file', `${topic}.position`]);
    await run('1');
    const kept = await readFile(join(cli.folder, `${topic}.position`), 'utf8');
    expect(kept).toMatch(/^\d+\n$/);
    const next = await cli.json<Change>(['tail', topic, '-n', '2', '--position-file', `${topic}.position`]);
    expect(next.map(({ event }) => event.payload.n)).toEqual([2, 3]);
  });
});

describeEmbedded('throughline tail across a restart', (backend) => {
  test('prints each change once', async () => {
    const port = await freePort();
    const settings = { ...settingsFor(await backend.target()), PORT: port };
    const url = `http://127.0.0.1:${port}`;
    const client = createClient({ url, key: adminKey });
    let gateway = await startGateway(settings);
    const topic = fresh('restart');
    const env = { THROUGHLINE_URL: url, THROUGHLINE_KEY: adminKey };
    const args = [builtProgram(), 'tail', topic, '--after', '0', '--json'];
    const tail = new Program('tail', args, process.cwd(), env);
    await client.send(topic, { n: 1 });
    await tail.said(/"n":1/);
    await gateway.kill();
    gateway = await startGateway(settings);
    await client.send(topic, { n: 2 });
    await tail.said(/"n":2/);
    expect(linesOf(tail.stdout)).toHaveLength(2);
    expect(tail.stderr).toContain('Connected again');
    await tail.terminate();
    await client.close();
    await gateway.stop();
  });
});

describeEmbedded('throughline chain', (backend) => {
  const cli = cliTests(backend);

  test('prints the tree with durations and errors', async () => {
    const request = fresh('chain');
    const root = await cli.client.send('order.paid', {}, { requestId: request });
    await cli.client.send('invoice.write', {}, { dependsOn: root.id });
    const failing = await cli.client.send('mail.send', {}, { dependsOn: root.id, finished: false });
    await cli.client.send('log.write', {}, { dependsOn: failing.id });
    const fail = `mutation($id: ID!) { a: updateEvent(input: {id: $id, status: IN_PROGRESS}) { id }
      b: updateEvent(input: {id: $id, status: FAILED, error: {code: "NO_ADDRESS", message: "There is no address."}}) { id } }`;
    await cli.client.mutate(fail, { id: failing.id });
    const { code, stdout } = await cli.run(['chain', request]);
    expect(code).toBe(0);
    const [head, ...tree] = linesOf(stdout);
    expect(head).toMatch(new RegExp(`^${request} {2}3 finished, 1 failed {2}took [\\d.]+ m?s$`));
    expect(tree).toEqual([
      '✔ order.paid  FINISHED',
      '├─ ✔ invoice.write  FINISHED',
      expect.stringMatching(/^└─ ✖ mail\.send {2}FAILED {2}[\d.]+ m?s {2}NO_ADDRESS: There is no address\.$/),
      '   └─ ✔ log.write  FINISHED',
    ]);
    const [chain] = await cli.json<{ events: unknown[] }>(['chain', request]);
    expect(chain!.events).toHaveLength(4);
  });

  test('with --follow, prints each change of the request as it comes', async () => {
    const request = fresh('chain');
    const root = await cli.client.send('order.paid', {}, { requestId: request });
    const chain = cli.start(['chain', request, '--follow']);
    await chain.said(/order\.paid/);
    await cli.client.send('invoice.write', {}, { dependsOn: root.id });
    await chain.said(/invoice\.write/);
    chain.signal('SIGINT');
    expect((await chain.exit).code).toBe(130);
  });
});

describeEmbedded('throughline events', (backend) => {
  const cli = cliTests(backend);

  test('lists with filters over pages, and shows one event with its history', async () => {
    const topic = fresh('list');
    const lines = Array.from({ length: 700 }, (_, n) => JSON.stringify({ n }));
    await cli.run(['send', topic, '--file', '-'], { input: lines.join('\n') });
    const all = await cli.json<Listed>(['events', '--topic', topic, '--limit', '650', '--since', '1h']);
    expect(new Set(all.map(({ id }) => id)).size).toBe(650);
    expect(await cli.json(['events', '--topic', topic, '-w', 'data.n < 3'])).toHaveLength(3);
    expect(await cli.json(['events', '--topic', topic, '--until', '1h'])).toEqual([]);
    const { stdout } = await cli.run(['events', all[0]!.id]);
    expect(stdout).toContain(topic);
    expect(stdout).toMatch(/history\n {2}\S+ {2}FINISHED/);
    expect((await cli.run(['events', '00000000-0000-7000-8000-000000000000'])).code).toBe(5);
  });
});
