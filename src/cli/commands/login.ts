// `throughline login` and `logout`: store and remove profiles.
import { ViewerDocument } from '../../../generated/client/graphql.ts';
import { createClient } from '../../client/client.ts';
import { notFound, usageError } from '../failure.ts';
import { askSecret } from '../input/prompt.ts';
import { readStandardInput } from '../input/standard-input.ts';
import { printable } from '../output/printable.ts';
import { profilesFile, readProfiles, writeProfiles } from '../settings/profiles.ts';
import { defaultUrl } from '../settings/target.ts';
import { askOnce, type Session } from '../session.ts';

const defaultName = 'default';
/** A token with many restrictions is long; a key has 60 characters. */
const maxKeyBytes = 65_536;

export async function login(
  session: Session,
  given: { readonly list?: true | undefined; readonly use?: true | undefined },
): Promise<void> {
  if (given.list) return listProfiles(session);
  if (given.use) return useProfile(session);
  const { output, options } = session;
  const stored = await readProfiles();
  const name = options.profile ?? (process.env.THROUGHLINE_PROFILE || defaultName);
  const url = options.url ?? (process.env.THROUGHLINE_URL || stored.profiles[name]?.url || defaultUrl);
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw usageError(`${JSON.stringify(url)} is not the URL of a gateway.`);
  const key = options.key ?? (process.env.THROUGHLINE_KEY || (await readKey(url)));
  if (key === '') throw usageError('No key was given.', 'Give one with --key, or on standard input.');
  const client = createClient({ url, key });
  const { viewer } = await client.query(ViewerDocument, {}, askOnce);
  await writeProfiles({ current: name, profiles: { ...stored.profiles, [name]: { url, key } } });
  output.message(`Stored the profile ${name} in ${profilesFile()}`);
  await output.result(
    { profile: name, url, viewer },
    () => `${printable(viewer.name)} at ${url}: ${viewer.scopes.join(', ')}`,
  );
}

async function readKey(url: string): Promise<string> {
  if (process.stdin.isTTY) return askSecret(`Key for ${url}: `);
  return (await readStandardInput(maxKeyBytes)).trim();
}

async function listProfiles({ output }: Session): Promise<void> {
  const { current, profiles } = await readProfiles();
  const rows = Object.entries(profiles).map(([profile, { url }]) => ({
    profile,
    url,
    current: profile === current,
  }));
  if (output.isJson) {
    for (const row of rows) await output.json(row);
    return;
  }
  const columns = ['', 'profile', 'gateway'].map((title) => ({ title }));
  await output.line(
    output.table(
      columns,
      rows.map((row) => [row.current ? '*' : '', row.profile, row.url]),
    ),
  );
}

async function useProfile({ output, options }: Session): Promise<void> {
  const { profiles } = await readProfiles();
  const name = options.profile;
  if (name === undefined) throw usageError('--use needs --profile.');
  if (!profiles[name])
    throw notFound(`There is no profile ${name}.`, '`throughline login --list` lists them.');
  await writeProfiles({ current: name, profiles });
  output.message(`The profile ${name} is used where none is named.`);
}

export async function logout({ output, options }: Session): Promise<void> {
  const { current, profiles } = await readProfiles();
  const name = options.profile ?? current ?? defaultName;
  if (!profiles[name])
    throw notFound(`There is no profile ${name}.`, '`throughline login --list` lists them.');
  const { [name]: _removed, ...others } = profiles;
  await writeProfiles({ current: current === name ? null : current, profiles: others });
  output.message(`Removed the profile ${name}. Its key still works until it is revoked.`);
}
