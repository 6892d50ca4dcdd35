// Keeps a data folder to one process at a time, also after a process that was killed.
import { randomUUID } from 'node:crypto';
import { access, constants, link, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { once } from '../base/lifecycle.ts';
import { StartupError } from './database.ts';

/*
 * The folder `lock` holds one file per holder, numbered upwards: the highest number holds the lock, as long as its
 * process lives. Who finds the holder gone makes the next number, which the file system grants to exactly one. Numbers
 * never go back, also when the lock is released, so that nobody who saw an older holder can succeed it belatedly.
 */

interface Holder {
  readonly pid: number;
  /** Tells the process from a later one of the same id: when it started; null where the system does not say. */
  readonly started: string | null;
  readonly released: boolean;
}

/**
 * Creates `folder`, for its owner alone, unless it exists. Throws StartupError if it can not be used, or if another
 * process (or this one) holds it, naming that process.
 * @returns what releases it, once
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const absolute = resolve(folder);
  try {
    const locks = join(absolute, 'lock');
    await makeFolder(locks);
    await access(absolute, constants.R_OK | constants.W_OK | constants.X_OK);
    return await takeTurn(absolute, locks);
  } catch (failure) {
    if (failure instanceof StartupError) throw failure;
    throw new StartupError(`the data folder ${absolute} can not be used: ${(failure as Error).message}`);
  }
}

/** With its parents. Node's own recursive `mkdir` never ends where the file system refuses with ENOENT, as /proc does. */
async function makeFolder(folder: string): Promise<void> {
  const make = () =>
    mkdir(folder, { mode: 0o700 }).catch((failure: NodeJS.ErrnoException) => {
      if (failure.code !== 'EEXIST') throw failure;
    });
  await make().catch(async (failure: NodeJS.ErrnoException) => {
    if (failure.code !== 'ENOENT' || dirname(folder) === folder) throw failure;
    await makeFolder(dirname(folder));
    await make();
  });
}

async function takeTurn(folder: string, locks: string): Promise<() => Promise<void>> {
  for (;;) {
    const newest = await newestNumber(locks);
    const holder = newest === 0 ? undefined : await readHolder(join(locks, String(newest)));
    if (holder && (await isHolding(holder))) {
      throw new StartupError(`the data folder ${folder} is in use by another gateway, process ${holder.pid}`);
    }
    const mine = newest + 1;
    const file = join(locks, String(mine));
    if (!(await claim(file))) continue;
    if ((await newestNumber(locks)) !== mine) {
      await rm(file, { force: true });
      continue;
    }
    await removeOlder(locks, mine);
    return once(() => release(file));
  }
}

async function newestNumber(locks: string): Promise<number> {
  const numbers = (await readdir(locks)).filter((name) => /^\d+$/.test(name)).map(Number);
  return Math.max(0, ...numbers);
}

/** Nobody, if the file has just been removed or its writer did not survive the writing. */
async function readHolder(file: string): Promise<Holder | undefined> {
  try {
    const { pid, started, released } = (JSON.parse(await readFile(file, 'utf8')) ?? {}) as Partial<Holder>;
    if (!Number.isSafeInteger(pid) || pid! < 1) return undefined;
    return { pid: pid!, started: started ?? null, released: released === true };
  } catch (failure) {
    const { code } = failure as NodeJS.ErrnoException;
    if (code === 'ENOENT' || failure instanceof SyntaxError) return undefined;
    throw failure;
  }
}

async function isHolding({ pid, started, released }: Holder): Promise<boolean> {
  if (released || !isRunning(pid)) return false;
  const now = await startOf(pid);
  return now === null || started === null || now === started;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (failure) {
    return (failure as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The boot and the clock tick at which a process started; null where /proc does not tell. */
async function startOf(pid: number): Promise<string | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
    // The second field, the program's name, may hold spaces and brackets; the start is the 20th after it.
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return ticks ? `${boot.trim()}:${ticks}` : null;
  } catch {
    return null;
  }
}

/** Whether this process made the file; it appears with its whole content or not at all. */
async function claim(file: string): Promise<boolean> {
  const draft = await writeDraft(file, false);
  try {
    await link(draft, file);
    return true;
  } catch (failure) {
    const { code } = failure as NodeJS.ErrnoException;
    if (code === 'EEXIST' || code === 'ENOENT') return false;
    throw failure;
  } finally {
    await rm(draft, { force: true });
  }
}

async function writeDraft(file: string, released: boolean): Promise<string> {
  const draft = `${file}.${process.pid}.${randomUUID()}`;
  const holder: Holder = { pid: process.pid, started: await startOf(process.pid), released };
  await writeFile(draft, `${JSON.stringify(holder)}\n`, { mode: 0o600 });
  return draft;
}

/** Keeps the one before, for whoever is just now looking from it to this one. */
async function removeOlder(locks: string, mine: number): Promise<void> {
  const names = await readdir(locks);
  const old = names.filter((name) => Number.parseInt(name, 10) < mine - 1);
  await Promise.all(old.map((name) => rm(join(locks, name), { force: true })));
}

async function release(file: string): Promise<void> {
  try {
    await rename(await writeDraft(file, true), file);
  } catch (failure) {
    // Who removed the folder removed the lock with it.
    if ((failure as NodeJS.ErrnoException).code !== 'ENOENT') throw failure;
  }
}
