// The files of the embedded database: checks that a folder is complete, and atomic creation of a new one.
import { access, constants, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { StartupError } from '../database.ts';

/** Without one of these, Postgres would start anew or change the folder before it noticed the loss. */
const necessary = [
  'PG_VERSION',
  'postgresql.conf',
  'global/pg_control',
  'base/1/PG_VERSION',
  'base/5/PG_VERSION',
  'pg_wal',
  'pg_xact',
];

/** The file with the key of a first start, beside the database. */
export const keyFileName = 'admin-key';

const keyFiles = ['', '.new', '.earlier'].map((suffix) => `${keyFileName}${suffix}`);

/** The major version of PGlite's Postgres. */
const majorVersion = '18';
const controlBytes = 8_192;

/** Creates a database in an empty folder and closes it. */
export type Make = (folder: string) => Promise<void>;

/**
 * Ensures that `folder` contains a database. A new one is created beside it and then renamed, so that an interrupted
 * first start leaves nothing behind. A folder that is not empty is never changed. Throws StartupError if it is not a
 * complete database.
 */
export async function provideDatabase(folder: string, make: Make): Promise<void> {
  try {
    if (await isEmpty(folder)) return await makeBeside(folder, make);
    await access(join(folder, '.'), constants.R_OK | constants.W_OK | constants.X_OK);
    await checkWhole(folder);
  } catch (failure) {
    if (failure instanceof StartupError) throw failure;
    throw new StartupError(`the data folder ${folder} cannot be used: ${(failure as Error).message}`);
  }
}

/**
 * Refuses a folder without `data` that contains something else, such as half of a backup or another program's files.
 * Hidden files and entries of the file system's root are ignored.
 */
export async function refuseForeignFiles(folder: string): Promise<void> {
  const names = await namesIn(folder);
  if (names.includes('data')) return;
  const foreign = names.filter(
    (name) => !name.startsWith('.') && !['lock', 'data.new', 'lost+found', ...keyFiles].includes(name),
  );
  if (foreign.length === 0) return;
  throw new StartupError(
    `the data folder ${folder} is not empty and holds no database: it has ${listed(foreign)}, but no data; restore all of it from a backup, or set THROUGHLINE_DATA to an empty folder`,
  );
}

/** True if the folder does not exist. */
async function isEmpty(folder: string): Promise<boolean> {
  return (await namesIn(folder)).length === 0;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (failure) {
    if ((failure as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw failure;
  }
}

async function makeBeside(folder: string, make: Make): Promise<void> {
  const draft = `${folder}.new`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { mode: 0o700 });
  await make(draft);
  await rename(draft, folder);
}

async function checkWhole(folder: string): Promise<void> {
  const note = `${folder}.unfinished`;
  if (await exists(note)) {
    throw new StartupError(
      `the data folder ${folder} is not empty, and the file ${note} says that its creation was interrupted: remove that file to use the folder, or both to start with an empty database`,
    );
  }
  const missing = await missingIn(folder);
  if (missing.length > 0) {
    throw new StartupError(
      `the data folder ${folder} is damaged: it has ${listed(await namesIn(folder))}, but no ${missing.join(', no ')}: restore all of it from a backup, or set THROUGHLINE_DATA to an empty folder`,
    );
  }
  const version = (await readFile(join(folder, 'PG_VERSION'), 'utf8')).trim();
  if (version !== majorVersion) {
    throw new StartupError(
      `the data folder ${folder} was created by Postgres ${JSON.stringify(version.slice(0, 20))}, but this program requires ${majorVersion}: start the version of Throughline that created it, or restore the folder from a backup`,
    );
  }
  const { size } = await stat(join(folder, 'global/pg_control'));
  if (size >= controlBytes) return;
  throw new StartupError(
    `the data folder ${folder} is damaged: global/pg_control has ${size} bytes of ${controlBytes}: restore all of it from a backup`,
  );
}

/** Every subfolder of databases has a version file, too. */
async function missingIn(folder: string): Promise<string[]> {
  const databases = (await namesIn(join(folder, 'base'))).filter((name) => /^\d+$/.test(name));
  const wanted = new Set([...necessary, ...databases.map((name) => `base/${name}/PG_VERSION`)]);
  const missing: string[] = [];
  for (const name of wanted) if (!(await exists(join(folder, name)))) missing.push(name);
  if (missing.includes('pg_wal')) return missing;
  const segments = (await namesIn(join(folder, 'pg_wal'))).filter((name) => /^[0-9A-F]{24}$/.test(name));
  return segments.length > 0 ? missing : [...missing, 'segment in pg_wal'];
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (failure) {
    const { code } = failure as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return false;
    throw failure;
  }
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ');
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}
