// API keys as they are shown, and the checks of a new one.
import type { ApiKeyModel } from '../../../generated/prisma/models.ts';
import { badInput } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { isLongerThan, lengthOf } from '../../base/text-length.ts';
import { checkTopicPattern } from '../events/topic.ts';
import { checkText } from '../values/json.ts';
import { allScopes, isScope } from './scopes.ts';

type Secret = 'hash' | 'previousHash' | 'previousUntil';
type Restrictions = 'projects' | 'topics';

/** Without its hashes. */
export interface ApiKey extends Readonly<Omit<ApiKeyModel, Secret | Restrictions | 'prefix' | 'scopes'>> {
  /** `prefixOfEarlierKeys` for a key of an earlier version. */
  readonly prefix: string;
  readonly scopes: readonly string[];
  /** Null: all. */
  readonly projects: readonly string[] | null;
  readonly topics: readonly string[] | null;
}

/** Keys of the first version had no public part but this. */
export const prefixOfEarlierKeys = 'tl_';

export interface CreateKeyInput {
  readonly name: string;
  readonly scopes: readonly string[];
  readonly projects?: readonly string[] | null | undefined;
  readonly topics?: readonly string[] | null | undefined;
  readonly expiresAt?: Date | null | undefined;
  readonly rateLimit?: number | null | undefined;
}

/** A checked CreateKeyInput. */
export type KeyDraft = Readonly<
  Pick<ApiKey, 'name' | 'scopes' | 'projects' | 'topics' | 'expiresAt' | 'rateLimit'>
>;

/** Throws BAD_USER_INPUT. */
export function checkKey(input: CreateKeyInput, now: Date): KeyDraft {
  const { expiresAt = null, rateLimit = null } = input;
  if (expiresAt !== null && expiresAt <= now)
    throw badInput(`expiresAt is ${expiresAt.toISOString()}, which is over; give a time in the future.`);
  if (rateLimit !== null && (rateLimit < 1 || rateLimit > limits.keyRateLimit))
    throw badInput(`rateLimit is ${rateLimit}; 1 to ${limits.keyRateLimit} requests a minute are allowed.`);
  return {
    name: checkKeyName(input.name),
    scopes: checkScopes(input.scopes),
    projects: checkProjects(input.projects ?? null),
    topics: checkTopics(input.topics ?? null),
    expiresAt,
    rateLimit,
  };
}

export function checkKeyName(name: string): string {
  checkText('name', name);
  if (name.trim() === '' || isLongerThan(name, limits.keyNameLength))
    throw badInput(`name has ${lengthOf(name)} characters; 1 to ${limits.keyNameLength} are allowed.`);
  return name;
}

/** Sorted, each once. */
export function checkScopes(scopes: readonly string[]): string[] {
  const unknown = scopes.find((scope) => !isScope(scope));
  if (unknown !== undefined)
    throw badInput(
      `scopes has ${quoted(unknown)}, which is no scope; the scopes are ${allScopes.join(', ')}.`,
    );
  if (scopes.length === 0) throw badInput(`scopes is empty; name at least one of ${allScopes.join(', ')}.`);
  return [...new Set(scopes)].sort();
}

export function checkProjects(projects: readonly string[] | null): string[] | null {
  return checkNames('projects', projects);
}

export function checkTopics(topics: readonly string[] | null): string[] | null {
  if (topics === null) return null;
  checkCount('topics', topics);
  return [...new Set(topics.map((pattern) => checkTopicPattern(pattern)))].sort();
}

/** Names that are compared as a whole: projects, requests. */
export function checkNames(argument: string, names: readonly string[] | null): string[] | null {
  if (names === null) return null;
  checkCount(argument, names);
  for (const name of names) {
    checkText(argument, name);
    if (name === '' || isLongerThan(name, limits.nameLength))
      throw badInput(
        `${argument} has a name of ${lengthOf(name)} characters; 1 to ${limits.nameLength} are allowed.`,
      );
  }
  return [...new Set(names)].sort();
}

function checkCount(argument: string, items: readonly string[]): void {
  if (items.length === 0)
    throw badInput(`${argument} is empty, which would allow nothing; omit it, or null, to allow all.`);
  if (items.length > limits.keyRestrictions)
    throw badInput(`${argument} has ${items.length} items; at most ${limits.keyRestrictions} are allowed.`);
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
