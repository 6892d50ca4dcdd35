// Which gateway a command talks to, and with which key: from options, the environment, a profile, or a gateway started here.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { notFound, usageError } from '../failure.ts';
import { readProfiles } from './profiles.ts';

export interface TargetOptions {
  readonly url?: string | undefined;
  readonly key?: string | undefined;
  readonly profile?: string | undefined;
}

export interface Target {
  readonly url: string;
  readonly key: string | undefined;
}

export const defaultUrl = 'http://127.0.0.1:4000';

/**
 * An option goes before the environment, and that before a profile. The key of a profile is sent to the profile's own
 * gateway alone. Where nothing is said, it is the gateway that was started in this folder.
 */
export async function findTarget(
  options: TargetOptions,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Target> {
  const url = options.url ?? (env.THROUGHLINE_URL || undefined);
  const key = options.key ?? (env.THROUGHLINE_KEY || undefined);
  if (url !== undefined && !isHttpUrl(url))
    throw usageError(`${JSON.stringify(url)} is not the URL of a gateway.`, `One looks like ${defaultUrl}.`);
  const name = options.profile ?? (env.THROUGHLINE_PROFILE || undefined);
  if (name === undefined && url !== undefined && key !== undefined) return { url, key };
  const { current, profiles } = await readProfiles();
  const profile = profiles[name ?? current ?? ''];
  if (name !== undefined && !profile)
    throw notFound(
      `There is no profile ${name}.`,
      `Profiles: ${Object.keys(profiles).join(', ') || 'none'}. \`throughline login --profile ${name}\` stores one.`,
    );
  if (profile && (url === undefined || isSame(url, profile.url)))
    return { url: url ?? profile.url, key: key ?? profile.key };
  return { url: url ?? defaultUrl, key: key ?? (url === undefined ? await keyOfThisFolder(env) : undefined) };
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

function isSame(a: string, b: string): boolean {
  const [first, second] = [a, b].map((url) => url.replace(/\/+$/, '').replace(/\/graphql$/, ''));
  return first === second;
}

/** The admin key that a gateway wrote at its first start in this folder. */
async function keyOfThisFolder(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const file = join(env.THROUGHLINE_DATA || '.throughline', 'admin-key');
  const text = await readFile(file, 'utf8').catch(() => undefined);
  return text?.trim() || undefined;
}
