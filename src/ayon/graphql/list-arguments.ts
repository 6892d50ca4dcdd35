// The arguments of AYON's GraphQL field `events`, translated into our filter, order and page.
import { limits } from '../../base/limits.ts';
import { badInput } from '../../base/errors.ts';
import type { ConditionInput } from '../../domain/conditions/check-conditions.ts';
import type { EventFilter } from '../../domain/conditions/event-filter.ts';
import type { Direction, PageArguments } from '../../domain/events/page.ts';
import { checkTopicPattern } from '../../domain/events/topic.ts';
import { idOfHex, isHexId, statusOfName, timeOfText } from '../values.ts';

type Given<T> = T | null | undefined;

export interface ListArguments {
  readonly ids?: Given<readonly string[]>;
  readonly topics?: Given<readonly string[]>;
  readonly projects?: Given<readonly string[]>;
  readonly users?: Given<readonly string[]>;
  readonly statuses?: Given<readonly string[]>;
  readonly states?: Given<readonly string[]>;
  readonly hasChildren?: Given<boolean>;
  readonly includeLogs?: Given<boolean>;
  readonly newerThan?: Given<string>;
  readonly olderThan?: Given<string>;
  readonly filter?: Given<string>;
  readonly first?: Given<number>;
  readonly after?: Given<string>;
  readonly last?: Given<number>;
  readonly before?: Given<string>;
}

const defaultPage = 100;

/** Names that nobody can have select nothing, and are no error. */
export function filterOf(args: ListArguments): EventFilter {
  const newer = args.newerThan ? timeOfText(args.newerThan, 'newerThan') : null;
  const older = args.olderThan ? timeOfText(args.olderThan, 'olderThan') : null;
  // Events have milliseconds: before a part of one is before the next.
  const olderMs = older && older.time.getTime() + (older.isExact ? 0 : 1);
  const words = (args.filter ?? '').split(/\s+/).filter((word) => word !== '' && isStorable(word));
  return {
    ids: args.ids?.filter(isHexId).map((id) => idOfHex(id, 'ids')),
    topics: args.topics?.filter(isPattern),
    projects: args.projects?.filter(isName),
    users: args.users?.filter(isName),
    statuses: (args.statuses ?? args.states)?.map(statusOfName).filter((status) => status !== undefined),
    hasDependents: args.hasChildren ?? null,
    createdAfter: newer?.time,
    createdBefore: olderMs === null ? null : new Date(olderMs),
    text: words.join(' ') || null,
    conditions: {
      conditions: [...(args.topics || args.includeLogs ? [] : [notLogs]), ...words.flatMap(occurs)],
    },
  };
}

/** Texts are compared by bytes, and a slash follows a dot. */
const notLogs: ConditionInput = {
  nested: {
    operator: 'OR',
    conditions: [
      { key: 'topic', comparison: 'LT', value: 'log.' },
      { key: 'topic', comparison: 'GTE', value: 'log/' },
    ],
  },
};

/**
 * Our search also looks at the sender, AYON's does not. Conditions ignore case for A to Z alone, so that other words are
 * left to the search.
 */
function occurs(word: string): readonly ConditionInput[] {
  if (!/^[ -~]+$/.test(word)) return [];
  const value = `%${word.replace(/[\\%_]/g, '\\$&')}%`;
  const conditions = ['topic', 'project', 'user', 'description'].map(
    (key) => ({ key, comparison: 'LIKE', value }) as const,
  );
  return [{ nested: { operator: 'OR', conditions } }];
}

function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\u0000');
}

function isName(name: string): boolean {
  return name !== '' && [...name].length <= limits.nameLength && isStorable(name);
}

function isPattern(pattern: string): boolean {
  try {
    return checkTopicPattern(pattern) !== '';
  } catch {
    return false;
  }
}

export interface ListedPage {
  readonly direction: Direction;
  readonly page: PageArguments;
  /** Whether the page was asked for by `last` alone: it then goes on with `before`. */
  readonly isBackwards: boolean;
}

/** Oldest first, unless `last` is given, also beside `first`. */
export function pageOf({ first, after, last, before }: ListArguments): ListedPage {
  const size = Math.min(checkedSize('first', first ?? last ?? defaultPage), limits.pageSize);
  if (last == null) return { direction: 'ASC', page: { first: size, after, before }, isBackwards: false };
  checkedSize('last', last);
  const start = first == null ? before : (after ?? before);
  return { direction: 'DESC', page: { first: size, after: start }, isBackwards: first == null };
}

function checkedSize(name: string, size: number): number {
  if (size >= 0) return size;
  throw badInput(`${name} is ${size}; 0 or more is allowed.`);
}
