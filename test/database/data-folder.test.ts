// The files of the embedded database: what is damaged or foreign is refused with a sentence, and left as it is.
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createLogger } from '../../src/base/logger.ts';
import { StartupError } from '../../src/database/database.ts';
import { openEmbedded } from '../../src/database/embedded/embedded.ts';
import { openDatabase } from '../../src/database/open.ts';
import { unpackTar } from '../../src/database/embedded/unpack-tar.ts';

const logger = createLogger('silent');
let parent = '';

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'throughline-data-'));
});

afterAll(() => rm(parent, { recursive: true, force: true }));

/** A data folder with a database in it, after `damage` to that. */
async function damaged(name: string, damage: (data: string) => Promise<unknown>): Promise<string> {
  const folder = join(parent, name.replaceAll(/\W+/g, '-'));
  const data = join(folder, 'data');
  await cp(join(inject('templateFolder'), 'data'), data, { recursive: true });
  await damage(data);
  return folder;
}

/** What is below the folder, but for the lock. */
async function contentOf(folder: string): Promise<string[]> {
  const names = (await readdir(folder, { recursive: true }))
    .filter((name) => !name.startsWith('lock'))
    .sort();
  return Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      if ((await stat(path)).isDirectory()) return name;
      return `${name} ${createHash('sha256')
        .update(await readFile(path))
        .digest('hex')}`;
    }),
  );
}

async function refusalOf(folder: string): Promise<string> {
  const refusal = await openDatabase({ folder, logger }).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(StartupError);
  expect((refusal as Error).message).not.toMatch(/\n|ASSERTIONS|PGlite/);
  return (refusal as Error).message;
}

const remove = (path: string) => (data: string) => rm(join(data, path), { recursive: true });
const write = (path: string, text: string) => (data: string) => writeFile(join(data, path), text);

async function zeroSegments(data: string): Promise<void> {
  const names = await readdir(join(data, 'pg_wal'));
  for (const name of names.filter((each) => each.length === 24)) {
    const path = join(data, 'pg_wal', name);
    const { size } = await stat(path);
    await truncate(path, 0);
    await truncate(path, size);
  }
}

async function spoilPage(data: string): Promise<void> {
  const page = await open(join(data, 'base/5/1259'), 'r+');
  await page.write(Buffer.alloc(8_192, 0xa5), 0, 8_192, 0);
  await page.close();
}

const found: readonly [string, (data: string) => Promise<unknown>, RegExp][] = [
  [
    'no PG_VERSION',
    remove('PG_VERSION'),
    /is damaged: it has .+ and \d+ more, but no PG_VERSION: restore all of it/,
  ],
  [
    'another version',
    write('PG_VERSION', '16\n'),
    /was created by Postgres "16", but this program requires 18: /,
  ],
  [
    'an empty PG_VERSION',
    write('PG_VERSION', ''),
    /was created by Postgres "", but this program requires 18: /,
  ],
  ['no base', remove('base'), /but no base\/1\/PG_VERSION, no base\/5\/PG_VERSION: /],
  ['no database', remove('base/5'), /but no base\/5\/PG_VERSION: /],
  ['no database of its own version', remove('base/4/PG_VERSION'), /but no base\/4\/PG_VERSION: /],
  ['no global', remove('global'), /but no global\/pg_control: /],
  ['no control file', remove('global/pg_control'), /but no global\/pg_control: /],
  [
    'a cut control file',
    (data) => truncate(join(data, 'global/pg_control'), 100),
    /pg_control has 100 bytes of 8192: /,
  ],
  ['no WAL', remove('pg_wal'), /but no pg_wal: /],
  ['no status of transactions', remove('pg_xact'), /but no pg_xact: /],
  ['no settings', remove('postgresql.conf'), /but no postgresql.conf: /],
  [
    'a file for a folder',
    async (data) => (await remove('pg_wal')(data), write('pg_wal', '')(data)),
    /ENOTDIR/,
  ],
];

describe('a data folder that is not whole is refused, and left as it is', () => {
  test.each(found)('%s', async (name, damage, reason) => {
    const folder = await damaged(name, damage);
    const before = await contentOf(folder);
    const message = await refusalOf(folder);
    expect(message).toMatch(reason);
    expect(message).toContain(`the data folder ${folder}/data `);
    expect(await contentOf(folder)).toEqual(before);
  });
});

const reported: readonly [string, (data: string) => Promise<unknown>, RegExp][] = [
  ['a zeroed control file', write('global/pg_control', '\0'.repeat(8_192)), /PG_CONTROL_VERSION 0/],
  ['a zeroed WAL', zeroSegments, /could not locate a valid checkpoint record/],
  ['an empty status of transactions', (data) => truncate(join(data, 'pg_xact/0000'), 0), /pg_xact\/0000/],
  ['no map of files', remove('base/5/pg_filenode.map'), /pg_filenode.map/],
];

describe('what only the server notices is reported in its words', () => {
  test.each(reported)('%s', async (name, damage, reason) => {
    const message = await refusalOf(await damaged(name, damage));
    expect(message).toMatch(/^the embedded database in \S+\/data cannot be opened; its folder is damaged/);
    expect(message).toMatch(reason);
  });

  test('a page of a table that the start reads', async () => {
    expect(await refusalOf(await damaged('page', spoilPage))).toMatch(/invalid page|checksum|damaged/);
  });
});

describe('a folder that is not empty never gets a new database', () => {
  test('where other files are in it: they are named', async () => {
    const folder = join(parent, 'foreign');
    await mkdir(join(folder, 'photos'), { recursive: true });
    expect(await refusalOf(folder)).toMatch(
      /foreign is not empty and holds no database: it has photos, but no data; /,
    );
    expect(await readdir(folder)).toEqual(expect.arrayContaining(['photos']));
    expect(await readdir(folder)).not.toContain('data');
  });

  test('where a note says that the making was interrupted: neither goes', async () => {
    const folder = await damaged('noted', (data) => writeFile(`${data}.unfinished`, ''));
    const before = await contentOf(folder);
    expect(await refusalOf(folder)).toMatch(
      /is not empty, and the file \S+data\.unfinished says .+: remove that file to use/,
    );
    expect(await contentOf(folder)).toEqual(before);
    await rm(join(folder, 'data.unfinished'));
    const database = await openDatabase({ folder, logger });
    expect(await database.reachable()).toBe(true);
    await database.close();
  });

  test('but where it is new, empty, or a volume of its own it does', { timeout: 240_000 }, async () => {
    for (const name of ['data', '.hidden/lost+found']) {
      const folder = join(parent, `new-${name}`);
      await mkdir(join(folder, name), { recursive: true });
      const database = await openDatabase({ folder, logger });
      expect(await database.reachable()).toBe(true);
      await database.close();
    }
  });

  test('also where a dump is cut short', async () => {
    const archive = new Uint8Array(await readFile(join(inject('templateFolder'), 'template.tar')));
    const folder = join(parent, 'cut');
    const from = async () => archive.slice(0, archive.length / 2);
    await expect(openEmbedded(folder, { from })).rejects.toThrow(/cannot be used: the archive is truncated/);
    expect(await readdir(parent)).not.toContain('cut');
  });

  test('and an archive writes nothing outside of it', async () => {
    const header = Buffer.alloc(1024);
    header.write('../outside');
    header.write('00000000000', 124);
    await expect(unpackTar(header, join(parent, 'inside'))).rejects.toThrow('a name outside');
  });
});
