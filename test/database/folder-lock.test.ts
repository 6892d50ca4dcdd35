// The folder's lock: one holder at a time, whatever is killed and whoever races.
import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { StartupError } from '../../src/database/database.ts';
import { lockFolder } from '../../src/database/embedded/folder-lock.ts';
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

/** In a PID namespace of its own, as in a container: none of its process ids means anything outside. */
const container = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'];
const hasContainers = spawnSync(container[0]!, [...container.slice(1), 'true']).status === 0;

function refusalOf(folder: string, pid: number | string): RegExp {
  return new RegExp(
    `^StartupError: the data folder ${folder} is in use by another gateway, process ${pid} on host ${hostname()}: stop that one, .*to take over$`,
  );
}

describe('the lock of a folder', () => {
  test('makes the folder, for its owner alone', async () => {
    const folder = join(parent, 'deep', 'new');
    const { release } = await lockFolder(folder);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    await release();
  });

  test('refuses others with one line that names the holder and the folder, until it is released', async () => {
    const folder = join(parent, 'shared');
    const [child] = await startChildren(1);
    const { release } = await lockFolder(folder);
    expect(await child!.ask(folder)).toMatch(refusalOf(folder, process.pid));
    await expect(lockFolder(folder)).rejects.toThrow(`process ${process.pid}`);
    await release();
    await release();
    expect(await child!.ask(folder)).toBe('held');
    await expect(lockFolder(folder)).rejects.toThrow(`process ${child!.pid}`);
  });

  test('is taken over at once when its holder was killed', async () => {
    const folder = join(parent, 'killed');
    const [child] = await startChildren(1);
    expect(await child!.ask(folder)).toBe('held');
    await child!.kill();
    const { release } = await lockFolder(folder);
    await release();
  });

  test('stays with a holder that is paused', async () => {
    const folder = join(parent, 'paused');
    const [child] = await startChildren(1);
    expect(await child!.ask(folder)).toBe('held');
    process.kill(child!.pid, 'SIGSTOP');
    await expect(lockFolder(folder)).rejects.toThrow(`process ${child!.pid}`);
    process.kill(child!.pid, 'SIGCONT');
    await expect(lockFolder(folder)).rejects.toThrow(`process ${child!.pid}`);
  });

  test.skipIf(!hasContainers)('holds between PID namespaces, and ends with its holder there', async () => {
    const folder = join(parent, 'containers');
    const first = new Child(program, [], container);
    const second = new Child(program, [], container);
    children.push(first, second);
    await Promise.all([first.hear(), second.hear()]);
    expect(await first.ask(folder)).toBe('held');
    expect(await second.ask(folder)).toMatch(refusalOf(folder, '\\d+'));
    await expect(lockFolder(folder)).rejects.toThrow('in use by another gateway');
    await first.kill();
    // The namespace ends with its first process, a moment after that of `unshare`.
    await expect.poll(() => second.ask(folder)).toBe('held');
  });

  test('is none in a copy of the folder that was made while it was held', async () => {
    const folder = join(parent, 'original');
    const held = await lockFolder(folder);
    const copy = join(parent, 'copy');
    await cp(folder, copy, { recursive: true });
    const { release } = await lockFolder(copy);
    await expect(lockFolder(folder)).rejects.toThrow('in use by another gateway');
    await Promise.all([release(), held.release()]);
  });

  test('tells its holder when it was removed, and whoever takes over then keeps it', async () => {
    const folder = join(parent, 'removed');
    let tell: (reason: Error) => void = () => {};
    const lost = new Promise<Error>((resolve) => (tell = resolve));
    const first = await lockFolder(folder, { onLost: tell, checkMs: 10 });
    await rm(join(folder, 'lock'), { recursive: true });
    const { release } = await lockFolder(folder);
    expect((await lost).message).toBe(
      `the lock of the data folder ${folder} was removed while this gateway held it`,
    );
    await first.release();
    await expect(lockFolder(folder)).rejects.toThrow('in use by another gateway');
    await release();
  });

  test.each(['', '{"pid":', 'null', '{"pid":"1"}', 'x'.repeat(5_000)])(
    'does not depend on what its file holds: %j',
    async (content) => {
      const folder = join(parent, `content-${content.length}`);
      await mkdir(join(folder, 'lock'), { recursive: true });
      await writeFile(join(folder, 'lock/holder'), content);
      const { release } = await lockFolder(folder);
      await expect(lockFolder(folder)).rejects.toThrow(`process ${process.pid}`);
      await writeFile(join(folder, 'lock/holder'), content);
      await expect(lockFolder(folder)).rejects.toThrow('whose process is unknown');
      await release();
    },
  );

  test('heeds that of an earlier version, which kept the ids of processes', async () => {
    const folder = join(parent, 'earlier');
    await mkdir(join(folder, 'lock'), { recursive: true });
    const leave = (number: number, pid: number, released: boolean) =>
      writeFile(join(folder, 'lock', String(number)), JSON.stringify({ pid, started: null, released }));
    await leave(9, process.ppid, true);
    await leave(10, process.ppid, false);
    await expect(lockFolder(folder)).rejects.toThrow(`process ${process.ppid} on host`);
    await leave(11, 2 ** 22 - 1, false);
    const { release } = await lockFolder(folder);
    await release();
  });

  test('goes to exactly one of six that start at once, fifty times', async () => {
    const starters = await startChildren(6);
    for (let round = 0; round < 50; round++) {
      const folder = join(parent, `race-${round}`);
      const answers = await Promise.all(starters.map((child) => child.ask(folder)));
      expect(answers.filter((answer) => answer === 'held')).toHaveLength(1);
      const losers = answers.filter((answer) => answer !== 'held');
      expect(losers.every((answer) => answer.includes('in use by another gateway'))).toBe(true);
    }
  });

  test('says in one line why a folder cannot be used', async () => {
    const file = join(parent, 'file');
    await writeFile(file, '');
    for (const folder of [file, join(file, 'below'), '/proc/throughline']) {
      const refusal = await lockFolder(folder).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(StartupError);
      expect((refusal as Error).message).toMatch(/^the data folder \S+ cannot be used: .+$/);
    }
  });
});
