// Profiles: gateways and keys that `throughline login` stored, in a file that only its owner can read.
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { Failure } from '../failure.ts';

export interface Profile {
  readonly url: string;
  readonly key: string;
}

export interface Profiles {
  /** The name of the profile that is used if none is given. */
  readonly current: string | null;
  readonly profiles: Readonly<Record<string, Profile>>;
}

/** In XDG_CONFIG_HOME, or where a platform has its settings. */
export function profilesFile(env: NodeJS.ProcessEnv = process.env): string {
  const windows = process.platform === 'win32' ? env.APPDATA : undefined;
  const folder = env.XDG_CONFIG_HOME || windows || join(homedir(), '.config');
  return join(folder, 'throughline', 'profiles.json');
}

export async function readProfiles(file = profilesFile()): Promise<Profiles> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { current: null, profiles: {} };
    throw error;
  }
  try {
    const { current = null, profiles = {} } = JSON.parse(text) as Partial<Profiles>;
    if (Object.values(profiles).every(isProfile)) return { current, profiles };
  } catch {
    // As below.
  }
  throw new Failure(`${file} is not a file of profiles.`, {
    hint: 'Remove it, and store your profiles again with `throughline login`.',
  });
}

function isProfile(value: unknown): boolean {
  const { url, key } = (value ?? {}) as Partial<Profile>;
  return typeof url === 'string' && typeof key === 'string';
}

/** Replaces the file at once, so that an interrupted write leaves the earlier one. */
export async function writeProfiles(profiles: Profiles, file = profilesFile()): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}.new`;
  await writeFile(draft, `${JSON.stringify(profiles, null, 2)}\n`, { mode: 0o600 });
  await chmod(draft, 0o600);
  await rename(draft, file);
}
