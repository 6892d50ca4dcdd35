// Starts that cannot succeed: each ends with a startup error of one line on standard error and a non-zero exit.
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { openEmbedded } from '../../src/database/embedded/embedded.ts';
import { openPostgres } from '../../src/database/postgres/postgres.ts';
import {
  describeDatabases,
  describeEmbedded,
  describePostgres,
  type GatewayTarget,
} from '../support/database.ts';
import { urlOf } from '../support/postgres-server.ts';
import { refusedStart, type Settings, settingsFor } from '../support/process.ts';

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'throughline-wrong-'));
  folders.push(folder);
  return folder;
}

/** The one line that a start with these settings ends with. */
async function lineOf(settings: Settings): Promise<string> {
  const { code, lines } = await refusedStart(settings);
  expect(lines).toHaveLength(1);
  expect(code).toBe(1);
  return lines[0]!;
}

describe('A start is refused in one line', () => {
  test('whose DATABASE_URL is none', async () => {
    expect(await lineOf({ DATABASE_URL: 'mysql://me:secret@localhost/things' })).toBe(
      'throughline: DATABASE_URL must begin with postgres:// or postgresql://, such as postgres://user@localhost:5432/throughline.',
    );
    expect(await lineOf({ DATABASE_URL: 'postgres://me:secret@host:port/things' })).toMatch(
      /^throughline: DATABASE_URL is not a URL; /,
    );
  });

  test('whose server does not answer', async () => {
    expect(await lineOf({ DATABASE_URL: 'postgres://me:secret@127.0.0.1:1/things' })).toBe(
      'throughline: cannot open the Postgres database "things" at 127.0.0.1:1 as user "me": nothing accepts connections there',
    );
  });

  test('whose port is none', async () => {
    expect(await lineOf({ PORT: 'eighty' })).toBe(
      'throughline: PORT must be a whole number from 0 to 65535, not "eighty".',
    );
  });

  test('whose THROUGHLINE_DATA is a file', async () => {
    const file = join(await newFolder(), 'file');
    await writeFile(file, 'in the way');
    expect(await lineOf({ THROUGHLINE_DATA: file })).toMatch(
      new RegExp(`^throughline: the data folder ${file} cannot be used: ENOTDIR`),
    );
  });

  test('whose THROUGHLINE_DATA cannot be made', async () => {
    expect(await lineOf({ THROUGHLINE_DATA: '/dev/null/data' })).toMatch(
      /^throughline: the data folder \/dev\/null\/data cannot be used: ENOTDIR/,
    );
  });

  test.skipIf(process.getuid?.() === 0)(
    'whose THROUGHLINE_DATA cannot be read (root can read all)',
    async () => {
      const folder = await newFolder();
      await chmod(folder, 0o000);
      expect(await lineOf({ THROUGHLINE_DATA: folder })).toMatch(
        new RegExp(`^throughline: the data folder ${folder} cannot be used: EACCES`),
      );
      await chmod(folder, 0o700);
    },
  );

  test('whose settings have several faults: a line for each', async () => {
    const { code, lines } = await refusedStart({
      PORT: '-1',
      DATABASE_URL: 'nonsense',
      THROUGHLINE_LOG_LEVEL: 'loud',
    });
    expect(lines.map((line) => line.match(/[A-Z_]{4,}/)?.[0])).toEqual([
      'PORT',
      'DATABASE_URL',
      'THROUGHLINE_LOG_LEVEL',
    ]);
    expect(code).toBe(1);
  });
});

describeEmbedded('A start is refused in one line', (backend) => {
  test('whose port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    expect(
      await lineOf({
        ...settingsFor(await backend.target()),
        PORT: String(port),
      }),
    ).toBe(
      `throughline: Cannot listen on 127.0.0.1:${port}: the port is taken by another program; set PORT to a free one.`,
    );
    other.close();
  });

  test('whose trusted documents are none', async () => {
    const file = join(await newFolder(), 'manifest.json');
    await writeFile(file, '[');
    const settings = { ...settingsFor(await backend.target()), THROUGHLINE_TRUSTED_DOCUMENTS: file };
    expect(await lineOf(settings)).toMatch(/^throughline: THROUGHLINE_TRUSTED_DOCUMENTS is not JSON: .*\.$/);
  });

  test('whose embedded database is damaged', async () => {
    const target = await backend.target();
    await writeFile(join(target.folder, 'data/global/pg_control'), 'rubbish');
    expect(await lineOf(settingsFor(target))).toMatch(
      new RegExp(
        `^throughline: the data folder ${target.folder}/data is damaged: global/pg_control has 7 bytes`,
      ),
    );
  });
});

describePostgres('A start is refused in one line', (backend) => {
  test('whose database does not exist on the server', async () => {
    expect(
      await lineOf({
        DATABASE_URL: urlOf(backend.server, 'throughline_nowhere'),
      }),
    ).toMatch(
      /^throughline: cannot open the Postgres database "throughline_nowhere" at .*: database "throughline_nowhere" does not exist$/,
    );
  });
});

function open({ url, folder }: GatewayTarget): Promise<Database> {
  return url === undefined
    ? openEmbedded(join(folder, 'data'))
    : openPostgres(url, { applicationName: 'throughline-test', poolSize: 1 });
}

/** As a later version of the program leaves it. */
async function makeNewer(target: GatewayTarget): Promise<void> {
  const database = await open(target);
  await database.query({
    text: `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at)
      VALUES ('later', 'other', '9999_of_a_later_version', now())`,
    values: [],
  });
  await database.close();
}

describeDatabases('A start on a database newer than the program', (backend) => {
  test('is refused in one line, with the database left as it is', async () => {
    const target = await backend.target();
    await makeNewer(target);
    const settings = settingsFor(target);
    const line =
      'throughline: the database is newer than the program: it has the migration 9999_of_a_later_version; start a newer version of Throughline';
    expect(await lineOf(settings)).toBe(line);
    expect(await lineOf(settings)).toBe(line);
  });
});
