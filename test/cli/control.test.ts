// The commands for keys, triggers, topics and their types, and doctor.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createClient } from '../../src/client/client.ts';
import { describeDatabases, describeEmbedded, describePostgres } from '../support/database.ts';
import { fresh } from '../support/gateway.ts';
import { settingsFor, startGateway } from '../support/process.ts';
import { cliTests, linesOf, runCli } from './support.ts';

describeEmbedded('throughline keys', (backend) => {
  const cli = cliTests(backend);

  test('creates a key of a preset with restrictions, rotates and revokes it', async () => {
    const name = fresh('shop');
    const args = [
      '--preset',
      'sender',
      '--scope',
      'events:read',
      '--project',
      'shop',
      '--topic',
      'order.*',
      '--expires',
      '2h',
    ];
    const { stdout: secret, stderr } = await cli.run(['keys', 'create', name, ...args]);
    expect(secret).toMatch(/^tl_\w{8}_\w{40}\n$/);
    expect(stderr).toContain('cannot be shown again');
    const works = (key: string) =>
      createClient({ url: cli.url, key: key.trim() })
        .query('{ viewer { name } }', {}, { retryForMs: 0 })
        .then(
          () => true,
          () => false,
        );
    expect(await works(secret)).toBe(true);
    const [listed] = (await cli.json<{ name: string }>(['keys', 'list'])).filter((key) => key.name === name);
    expect(listed).toMatchObject({
      scopes: ['events:read', 'events:send'],
      projects: ['shop'],
      topics: ['order.*'],
    });
    const { stdout: rotated } = await cli.run(['keys', 'rotate', name, '--grace', '1h']);
    expect([await works(secret), await works(rotated)]).toEqual([true, true]);
    expect((await cli.run(['keys', 'revoke', name])).code).toBe(2);
    expect((await cli.run(['keys', 'revoke', name, '--yes'])).code).toBe(0);
    expect([await works(secret), await works(rotated)]).toEqual([false, false]);
    expect((await cli.run(['keys', 'list', '--revoked'])).stdout).toContain(name);
    expect((await cli.run(['keys', 'revoke', name, '--yes'])).code).toBe(5);
  });
});

describeEmbedded('throughline triggers', (backend) => {
  const cli = cliTests(backend);

  test('creates a webhook whose URL takes deliveries, disables, enables and deletes it', async () => {
    const name = fresh('hook');
    const { stdout: url } = await cli.run(['triggers', 'create', name, '--topic', `${name}.delivered`]);
    const deliver = async () => (await fetch(url.trim(), { method: 'POST', body: '{}' })).status;
    expect(await deliver()).toBeLessThan(300);
    expect(await cli.json(['events', '--topic', `${name}.delivered`])).toHaveLength(1);
    await cli.run(['triggers', 'disable', name]);
    expect(await deliver()).toBe(404);
    await cli.run(['triggers', 'enable', name]);
    expect(await deliver()).toBeLessThan(300);
    expect((await cli.run(['triggers', 'delete', name, '-y'])).code).toBe(0);
    expect((await cli.run(['triggers', 'delete', name, '-y'])).code).toBe(5);
  });

  test('a signature needs a secret, and a schedule has none', async () => {
    const unsigned = await cli.run(['triggers', 'create', fresh('hook'), '--signature', 'github']);
    expect(unsigned.code).toBe(2);
    expect(unsigned.stderr).toContain('THROUGHLINE_SECRET');
    const env = { THROUGHLINE_SECRET: 'a-secret' };
    const [signed] = await cli.json(['triggers', 'create', fresh('hook'), '--signature', 'github'], { env });
    expect(signed).toMatchObject({ kind: 'WEBHOOK', signature: 'GITHUB' });
    const [schedule] = await cli.json([
      'triggers',
      'create',
      fresh('tick'),
      '--cron',
      '0 6 * * *',
      '--timezone',
      'Europe/Berlin',
    ]);
    expect(schedule).toMatchObject({ kind: 'SCHEDULE', timezone: 'Europe/Berlin' });
    const { stdout } = await cli.run(['triggers', 'list']);
    expect(linesOf(stdout)).toHaveLength(3);
  });
});

const order = { title: 'Paid', payloadSchema: { type: 'object', properties: { total: { type: 'number' } } } };

describeEmbedded('throughline schema and codegen', (backend) => {
  const cli = cliTests(backend);

  test('push, diff and pull keep topics in files; a breaking change needs --force', async () => {
    await mkdir(join(cli.folder, 'topics'));
    const write = (payloadSchema: object) =>
      writeFile(join(cli.folder, 'topics', 'order.paid.json'), JSON.stringify({ ...order, payloadSchema }));
    await write(order.payloadSchema);
    const diff = await cli.run(['schema', 'diff', 'topics']);
    expect(diff).toMatchObject({ code: 0, stdout: 'ok      order.paid  is new\n' });
    expect((await cli.run(['schema', 'push', 'topics', '--dry-run'])).code).toBe(0);
    expect((await cli.run(['schema', 'push', 'topics'])).code).toBe(0);
    const [declared] = await cli.json(['topics', 'order.paid']);
    expect(declared).toMatchObject({ name: 'order.paid', declared: true, ...order });
    await write({ ...order.payloadSchema, required: ['total'] });
    const breaking = await cli.run(['schema', 'push', 'topics']);
    expect(breaking.code).toBe(6);
    expect(breaking.stdout).toContain('breaks  order.paid  payload.total is required now');
    expect((await cli.run(['schema', 'diff', 'topics'])).code).toBe(6);
    expect((await cli.run(['schema', 'push', 'topics', '--force'])).code).toBe(0);
    expect((await cli.run(['schema', 'diff', 'topics'])).code).toBe(0);
    await cli.run(['schema', 'pull', 'pulled']);
    const pulled = JSON.parse(await readFile(join(cli.folder, 'pulled/order.paid.json'), 'utf8')) as object;
    expect(pulled).toMatchObject({ payloadSchema: { required: ['total'] } });
    const mismatch = await cli.run(['send', 'order.paid', '{}']);
    expect(mismatch.code).toBe(1);
    expect(mismatch.stderr).toContain('throughline topics');
  });

  test('codegen writes types from the gateway or from files, and --check holds them', async () => {
    await mkdir(join(cli.folder, 'own'));
    await writeFile(join(cli.folder, 'own/cart.filled.json'), JSON.stringify(order));
    const { stdout } = await cli.run(['codegen', '--from', 'own']);
    expect(stdout).toContain('"cart.filled": { payload: CartFilledPayload;');
    await cli.run(['schema', 'push', 'own']);
    expect((await cli.run(['codegen', '--out', 'types/topics.ts'])).code).toBe(0);
    expect(await readFile(join(cli.folder, 'types/topics.ts'), 'utf8')).toContain('total?: number');
    expect((await cli.run(['codegen', '--out', 'types/topics.ts', '--check'])).code).toBe(0);
    expect((await cli.run(['codegen', '--from', 'own', '--out', 'none.ts', '--check'])).code).toBe(6);
  });
});

interface Finding {
  readonly level: string;
  readonly check: string;
  readonly message: string;
}

describeDatabases('throughline doctor', (backend) => {
  const cli = cliTests(backend);

  test('finds a gateway well, and tells what is wrong with a key or a URL', async () => {
    const found = await cli.json<Finding>(['doctor']);
    expect(found.map(({ level, check }) => `${check} ${level}`)).toEqual([
      'gateway ok',
      'readiness ok',
      'clock ok',
      'key ok',
      'versions ok',
    ]);
    const wrong = await cli.run(['doctor'], { env: { THROUGHLINE_KEY: 'wrong' } });
    expect(wrong.code).toBe(6);
    expect(wrong.stdout).toMatch(/problem +key/);
    expect((await cli.run(['doctor', '--url', 'http://127.0.0.1:9'])).stdout).toMatch(/problem +gateway/);
  });
});

describePostgres('throughline doctor with a database', (backend) => {
  const cli = cliTests(backend);

  test('checks encoding, migrations, settings and dead rows', async () => {
    const { url } = await backend.target();
    // Whatever the settings of this server are.
    const { stdout, stderr } = await cli.run(['doctor', '--database-url', url!, '--json']);
    expect(stderr).toBe('');
    const found = linesOf(stdout).map((line) => JSON.parse(line) as Finding);
    const checks = found.map(({ check }) => check);
    for (const check of [
      'database',
      'encoding',
      'database clock',
      'migrations',
      'settings',
      'connections',
      'dead rows',
    ])
      expect(checks).toContain(check);
    const missing = await cli.run(['doctor', '--database-url', 'postgres://postgres@127.0.0.1:9/none']);
    expect(missing.code).toBe(6);
    expect(missing.stdout).toContain('cannot open the Postgres');
  });
});

describeEmbedded('throughline doctor with a data folder', (backend) => {
  test('looks at an embedded database whose gateway is stopped, and at no other', async () => {
    const target = await backend.target();
    const gateway = await startGateway(settingsFor(target));
    const doctor = () => runCli(['doctor', '--data', target.folder], { cwd: '/', env: {} });
    const busy = await doctor();
    expect(busy.code).toBe(6);
    expect(busy.stdout).toContain('A gateway must not use it at the same time.');
    await gateway.stop();
    const { code, stdout } = await doctor();
    expect(stdout).toMatch(/ok +migrations +All are applied/);
    expect(code).toBe(0);
    expect((await runCli(['doctor', '--data', '/nonexistent'], { cwd: '/', env: {} })).code).toBe(6);
  });
});
