// The lock of a data folder: an operating system lock on one file, released when its process ends.
import type { Stats } from 'node:fs';
import {
  access,
  constants,
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  rm,
  stat,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { once } from '../../base/lifecycle.ts';
import { StartupError } from '../database.ts';

/*
 * The kernel holds the lock for the open file, not for a process id: it is seen from every container that shares the
 * volume, stays while its holder is paused, and is gone as soon as its holder is, however that ended. On a network file
 * system the server does the same. What the file says is only for the message to the next one.
 */

interface Locks {
  /** Whether the lock was granted. Throws if the file system does not support locks. */
  readonly tryLock: (fd: number) => boolean;
}

/** The addon is CommonJS without types. Loaded here because gateways on a Postgres server do not need it. */
function loadLocks(): Locks {
  return createRequire(import.meta.url)('fs-native-extensions') as Locks;
}

interface Holder {
  readonly pid: number;
  readonly host: string;
}

export interface FolderLock {
  release(): Promise<void>;
}

export interface FolderLockOptions {
  /** Runs once if the lock file was removed while the lock was held: another process may use the folder now. */
  readonly onLost?: (reason: Error) => void;
  /** How often the lock file is checked, in milliseconds. Default: 1,000. */
  readonly checkMs?: number;
}

/**
 * Creates `folder`, readable only by its owner, unless it exists. Throws StartupError if it cannot be used, or if a
 * process holds its lock, which the message names.
 */
export async function lockFolder(folder: string, options: FolderLockOptions = {}): Promise<FolderLock> {
  const absolute = resolve(folder);
  try {
    const locks = join(absolute, 'lock');
    await makeFolder(locks);
    await access(absolute, constants.R_OK | constants.W_OK | constants.X_OK);
    const file = join(locks, 'holder');
    const handle = await takeLock(absolute, file);
    try {
      await refuseEarlierVersion(absolute, locks);
      await writeHolder(handle);
    } catch (failure) {
      await handle.close();
      throw failure;
    }
    return watchOver(absolute, file, handle, options);
  } catch (failure) {
    if (failure instanceof StartupError) throw failure;
    throw new StartupError(`the data folder ${absolute} cannot be used: ${(failure as Error).message}`);
  }
}

/**
 * Creates a folder and its parents. Node's recursive `mkdir` loops forever if the file system refuses with ENOENT, as
 * /proc does.
 */
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

async function takeLock(folder: string, file: string): Promise<FileHandle> {
  for (;;) {
    const handle = await open(file, constants.O_RDWR | constants.O_CREAT, 0o600);
    try {
      if (!isGranted(folder, handle)) throw inUse(folder, await readHolder(handle));
      // If the file was removed between the two calls, nobody else would see this lock.
      if (await isSame(file, handle)) return handle;
    } catch (failure) {
      await handle.close();
      throw failure;
    }
    await handle.close();
  }
}

function isGranted(folder: string, { fd }: FileHandle): boolean {
  try {
    return loadLocks().tryLock(fd);
  } catch (failure) {
    const { code, message } = failure as NodeJS.ErrnoException;
    const [reason] = (code ?? message).split('\n', 1);
    throw new StartupError(
      `the data folder ${folder} cannot be used: its file system does not support locks (${reason}); set THROUGHLINE_DATA to a folder on another file system, or set DATABASE_URL`,
    );
  }
}

async function isSame(file: string, handle: FileHandle): Promise<boolean> {
  const [there, held] = await Promise.all([statOf(file), handle.stat()]);
  return there !== undefined && there.ino === held.ino && there.dev === held.dev;
}

async function statOf(file: string): Promise<Stats | undefined> {
  try {
    return await stat(file);
  } catch (failure) {
    if ((failure as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw failure;
  }
}

function inUse(folder: string, holder: Holder | undefined): StartupError {
  const who = holder ? `process ${holder.pid} on host ${holder.host}` : 'whose process is unknown';
  return new StartupError(
    `the data folder ${folder} is in use by another gateway, ${who}: stop that one, or set THROUGHLINE_DATA to another folder; if its machine no longer exists, remove ${join(folder, 'lock')} to take over`,
  );
}

/** A process writes its name shortly after it got the lock. */
async function readHolder(handle: FileHandle): Promise<Holder | undefined> {
  const holder = await readOnce(handle);
  if (holder) return holder;
  await delay(200);
  return readOnce(handle);
}

async function readOnce(handle: FileHandle): Promise<Holder | undefined> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(1024), 0, 1024, 0);
  try {
    const { pid, host } = JSON.parse(buffer.toString('utf8', 0, bytesRead)) as Partial<Holder>;
    return typeof pid === 'number' && typeof host === 'string' ? { pid, host } : undefined;
  } catch {
    return undefined;
  }
}

async function writeHolder(handle: FileHandle): Promise<void> {
  const holder: Holder = { pid: process.pid, host: hostname() };
  await handle.truncate(0);
  await handle.write(`${JSON.stringify(holder)}\n`, 0);
}

/** Earlier versions used one numbered file per holder instead; the highest number is the current holder. */
async function refuseEarlierVersion(folder: string, locks: string): Promise<void> {
  const numbers = (await readdir(locks)).filter((name) => /^\d+$/.test(name)).map(Number);
  if (numbers.length === 0) return;
  const text = await readFile(join(locks, String(Math.max(...numbers))), 'utf8').catch(() => '');
  const [, pid] = /"pid":(\d+).*"released":false/.exec(text) ?? [];
  if (pid !== undefined && isRunning(Number(pid)))
    throw inUse(folder, { pid: Number(pid), host: hostname() });
  await Promise.all(numbers.map((number) => rm(join(locks, String(number)), { force: true })));
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return pid !== process.pid;
  } catch (failure) {
    return (failure as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Detects removal of the lock file, after which the lock excludes nobody. */
function watchOver(
  folder: string,
  file: string,
  handle: FileHandle,
  { onLost, checkMs = 1_000 }: FolderLockOptions,
): FolderLock {
  const check = async () => {
    if (await isSame(file, handle)) return;
    clearInterval(timer);
    onLost?.(new Error(`the lock of the data folder ${folder} was removed while this gateway held it`));
  };
  const timer = setInterval(() => void check().catch(() => {}), checkMs).unref();
  return {
    release: once(async () => {
      clearInterval(timer);
      await handle.truncate(0).catch(() => {});
      await handle.close();
    }),
  };
}
