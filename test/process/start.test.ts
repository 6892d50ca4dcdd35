// Starts of the gateway as a process: what it prints, what a second one finds, and who holds the data folder.
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type Backend, describeDatabases, describeEmbedded, describePostgres } from '../support/database.ts';
import { onServer } from '../support/postgres-server.ts';
import {
  ask,
  GatewayProcess,
  refusedStart,
  type Settings,
  settingsFor,
  startGateway,
} from '../support/process.ts';

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

const whoAmI = '{ viewer { name scopes } }';
const keyLine = /Created the admin key; it is in (\S+)/;

/** The key of a first start, from the file that it names. */
async function keyMadeBy(gateway: GatewayProcess): Promise<string> {
  const [, path = ''] = await gateway.said(keyLine);
  return (await readFile(path, 'utf8')).trim();
}

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'throughline-start-'));
  folders.push(folder);
  return folder;
}

/** Without a key of its own. */
function keylessSettings(target: { url?: string; folder: string }): Settings {
  const { THROUGHLINE_ADMIN_KEY: _, ...settings } = settingsFor(target);
  return settings;
}

const givenKey = 'given-by-hand-0123456789';

async function statusWith(gateway: GatewayProcess, key: string): Promise<number> {
  return (await ask(await gateway.url, whoAmI, { key })).status;
}

describe('The first start in an empty folder', () => {
  test('prints where GraphiQL is, and writes an admin key to a file; the second makes none, and the key still works', async () => {
    const settings = keylessSettings({ folder: await newFolder() });
    const first = await startGateway(settings);
    const url = await first.url;
    expect(first.stdout).toContain(`Throughline serves at ${url}; the console is at ${url}/console\n`);
    const key = await keyMadeBy(first);
    expect(first.stdout, 'standard output is no terminal here').not.toContain(key);
    expect((await stat(join(settings.THROUGHLINE_DATA!, 'admin-key'))).mode & 0o777).toBe(0o600);
    expect(key).toMatch(/^tl_[0-9A-Za-z]{8}_[0-9A-Za-z]{32,}$/);
    const answer = await ask(url, whoAmI, { key });
    expect(answer).toEqual({
      status: 200,
      data: { viewer: { name: 'admin', scopes: ['admin'] } },
      errors: [],
    });
    const page = await fetch(`${url}/graphql`, {
      headers: { accept: 'text/html' },
    });
    expect(page.headers.get('content-type')).toMatch(/^text\/html/);
    await first.stop();

    const second = await startGateway(settings);
    expect(await statusWith(second, key)).toBe(200);
    await second.stop();
    expect(second.stdout).not.toMatch(/key/i);
  });
});

async function expectKeyOfSettingsToBeWithdrawn(backend: Backend): Promise<void> {
  const target = await backend.target();
  const first = await startGateway(keylessSettings(target));
  const made = await keyMadeBy(first);
  await first.stop();

  const given = await startGateway({
    ...keylessSettings(target),
    THROUGHLINE_ADMIN_KEY: givenKey,
  });
  expect(await statusWith(given, givenKey)).toBe(200);
  expect(await statusWith(given, made)).toBe(200);
  expect(await statusWith(given, '')).toBe(401);
  await given.stop();
  expect(given.stdout).not.toMatch(/key/i);

  const again = await startGateway(keylessSettings(target));
  expect(await statusWith(again, made)).toBe(200);
  expect(await statusWith(again, givenKey)).toBe(401);
  await again.stop();
}

describeDatabases('THROUGHLINE_ADMIN_KEY', (backend) => {
  test('works while it is set, beside the keys of the database, and no longer when it is withdrawn', async () => {
    await expectKeyOfSettingsToBeWithdrawn(backend);
  });
});

describeEmbedded('A data folder', (backend) => {
  test('is refused to a second gateway, with a line that names the process of the first', async () => {
    const settings = settingsFor(await backend.target());
    const first = await startGateway(settings);
    const { code, lines } = await refusedStart(settings);
    expect(lines).toEqual([
      expect.stringContaining(
        `throughline: the data folder ${settings.THROUGHLINE_DATA} is in use by another gateway, process ${first.pid} on host `,
      ),
    ]);
    expect(code).toBe(1);
    expect((await fetch(`${await first.url}/ready`)).status).toBe(200);
    await first.stop();
  });

  test('whose gateway was killed is taken over by the next', async () => {
    const settings = settingsFor(await backend.target());
    const first = await startGateway(settings);
    await first.kill();
    const second = await startGateway(settings);
    expect((await fetch(`${await second.url}/ready`)).status).toBe(200);
    await second.stop();
  });

  test('that several gateways reach for at once is given to one', async () => {
    const settings = settingsFor(await backend.target());
    const gateways = Array.from({ length: 4 }, () => new GatewayProcess(settings));
    const outcomes = await Promise.allSettled(gateways.map((gateway) => gateway.url));
    const winners = gateways.filter((_, index) => outcomes[index]?.status === 'fulfilled');
    expect(winners).toHaveLength(1);
    for (const gateway of gateways.filter((each) => each !== winners[0])) {
      await gateway.exit;
      expect(gateway.stderr).toContain(`is in use by another gateway, process ${winners[0]?.pid} on host `);
    }
    await winners[0]?.stop();
  });
});

describePostgres('Twenty gateways starting at once', (backend) => {
  test('on one empty database all serve; it is migrated once, and one of them makes a key, which all take', async () => {
    const url = await backend.emptyDatabase();
    // Together they leave the server's other connections to the tests beside them.
    const settings = { ...keylessSettings({ url, folder: '' }), THROUGHLINE_DATABASE_POOL: '2' };
    const gateways = Array.from({ length: 20 }, () => new GatewayProcess(settings));
    const urls = await Promise.all(gateways.map((gateway) => gateway.url));
    const migrations = await onServer(
      url,
      'SELECT migration_name, count(*)::int AS times FROM throughline._prisma_migrations GROUP BY 1',
    );
    expect(new Set(migrations.map(({ times }) => times))).toEqual(new Set([1]));
    const key = await Promise.any(gateways.map((gateway) => keyMadeBy(gateway)));
    for (const each of urls) expect((await ask(each, whoAmI, { key })).status).toBe(200);
    await Promise.all(gateways.map((gateway) => gateway.stop()));
    expect(gateways.filter((gateway) => keyLine.test(gateway.stdout))).toHaveLength(1);
    expect(gateways.filter((gateway) => gateway.stderr.includes('database was migrated'))).toHaveLength(1);
  }, 480_000);
});

describePostgres('A gateway whose role may open two connections', (backend) => {
  test('starts, and serves many calls at once', async () => {
    const { url } = await backend.limitedRole(2);
    const gateway = await startGateway(settingsFor({ url, folder: await newFolder() }));
    const send = 'mutation { sendEvent(input: { topic: "slots" }) { event { id } } }';
    const address = await gateway.url;
    const answers = await Promise.all(Array.from({ length: 40 }, () => ask(address, send)));
    expect(answers.flatMap(({ errors }) => errors)).toEqual([]);
    const lists = await Promise.all(
      Array.from({ length: 40 }, () => ask(address, '{ events(first: 100) { nodes { id } } }')),
    );
    expect(lists.flatMap(({ errors }) => errors)).toEqual([]);
    await gateway.stop();
  });
});
