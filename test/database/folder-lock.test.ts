// The folder's lock: one holder at a time, whatever is killed and whoever races.
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { StartupError } from '../../src/database/database.ts';
import { lockFolder } from '../../src/database/folder-lock.ts';
import { Child } from '../support/child.ts';

const program = 'test/database/programs/lock-folders.ts';
let parent = '';
let children: Child[] = [];

async function startChildren(count: number): Promise<Child[]> {
  const started = Array.from({ length: count }, () => new Child(program));
  children.push(...started);
  await Promise.all(started.map((child) => child.hear()));
  return started;
}

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'throughline-lock-'));
});

afterAll(async () => {
  await Promise.all(children.map((child) => child.kill()));
  children = [];
  await rm(parent, { recursive: true, force: true });
});

/** A folder whose newest lock file holds `content`. */
async function folderWithLock(name: string, content: string): Promise<string> {
  const folder = join(parent, name);
  await mkdir(join(folder, 'lock'), { recursive: true });
  await writeFile(join(folder, 'lock', '7'), content);
  return folder;
}

describe('the lock of a folder', () => {
  test('makes the folder, for its owner alone', async () => {
    const folder = join(parent, 'deep', 'new');
    const release = await lockFolder(folder);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    await release();
  });

  test('refuses others with one line that names the holder and the folder, until it is released', async () => {
    const folder = join(parent, 'shared');
    const [child] = await startChildren(1);
    const release = await lockFolder(folder);
    const refusal = `StartupError: the data folder ${folder} is in use by another gateway, process ${process.pid}`;
    expect(await child!.ask(folder)).toBe(refusal);
    await expect(lockFolder(folder)).rejects.toThrow(`process ${process.pid}`);
    await release();
    await release();
    expect(await child!.ask(folder)).toBe('held');
    await expect(lockFolder(folder)).rejects.toThrow(`process ${child!.pid}`);
  });

  test('is taken over when its holder was killed', async () => {
    const folder = join(parent, 'killed');
    const [child] = await startChildren(1);
    expect(await child!.ask(folder)).toBe('held');
    await child!.kill();
    const release = await lockFolder(folder);
    await release();
  });

  test('is taken over when another process now has the id of the holder', async () => {
    const holder = { pid: process.ppid, started: 'another-boot:1', released: false };
    const release = await lockFolder(await folderWithLock('reused', JSON.stringify(holder)));
    await release();
  });

  test.each(['', '{"pid":', 'null', '{"pid":0}', '{"pid":"1"}', '{}'])(
    'is taken over when its file holds %j',
    async (content) => {
      const folder = await folderWithLock(`corrupt-${Buffer.from(content).toString('hex')}`, content);
      const release = await lockFolder(folder);
      expect(JSON.parse(await readFile(join(folder, 'lock', '8'), 'utf8'))).toMatchObject({
        pid: process.pid,
      });
      await release();
    },
  );

  test('goes to exactly one of six that start at once, also over what a killed one left, fifty times', async () => {
    const starters = await startChildren(6);
    for (let round = 0; round < 50; round++) {
      const left = ['', JSON.stringify({ pid: 2 ** 22 - 1, started: null, released: false })][round % 3];
      const folder =
        left === undefined ? join(parent, `race-${round}`) : await folderWithLock(`race-${round}`, left);
      const answers = await Promise.all(starters.map((child) => child.ask(folder)));
      const winner = starters[answers.indexOf('held')]!;
      const losers = answers.filter((answer) => answer !== 'held');
      expect(losers).toHaveLength(5);
      expect(losers.every((answer) => answer.endsWith(`process ${winner.pid}`))).toBe(true);
    }
  });

  test('does not pile up files over many starts', async () => {
    const folder = join(parent, 'many');
    for (let i = 0; i < 10; i++) await (await lockFolder(folder))();
    expect((await readdir(join(folder, 'lock'))).sort()).toEqual(['10', '9']);
  });

  test('says in one line why a folder can not be used', async () => {
    const file = join(parent, 'file');
    await writeFile(file, '');
    for (const folder of [file, join(file, 'below'), '/proc/throughline']) {
      const refusal = await lockFolder(folder).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(StartupError);
      expect((refusal as Error).message).toMatch(/^the data folder \S+ can not be used: .+$/);
    }
  });
});
