// Grants: whether what one caller gives to a key or token is within what it has itself.
import { ThroughlineError } from '../../base/errors.ts';
import { topicMatches } from '../events/topic.ts';
import type { RowScope } from './row-scope.ts';
import { hasScope, isScope } from './scopes.ts';

export interface Grants {
  readonly scopes: readonly string[];
  readonly rows: RowScope | null;
  /** Null: for ever. */
  readonly expiresAt?: Date | null | undefined;
}

/** Throws FORBIDDEN, which names what is too much. */
export function refuseExcess(own: Grants, given: Grants): void {
  const scope = given.scopes.find((name) => !isScope(name) || !hasScope(own.scopes, name));
  if (scope !== undefined)
    throw excess(`the scope ${scope}`, 'A key can only grant scopes that it has', { scope });
  refuseNames('projects', own.rows?.projects ?? null, given.rows?.projects ?? null);
  refuseNames('requestIds', own.rows?.requestIds ?? null, given.rows?.requestIds ?? null);
  refuseTopics(own.rows?.topics ?? null, given.rows?.topics ?? null);
  const { expiresAt: end = null } = own;
  if (end !== null && (given.expiresAt == null || given.expiresAt > end))
    throw excess(
      `a time after ${end.toISOString()}`,
      'Your own key or token expires then; give that time as expiresAt, or an earlier one',
    );
}

/** Whether `refuseExcess` would let it pass. */
export function isWithinGrants(own: Grants, given: Grants): boolean {
  try {
    refuseExcess(own, given);
    return true;
  } catch {
    return false;
  }
}

function refuseNames(what: string, own: readonly string[] | null, given: readonly string[] | null): void {
  if (own === null) return;
  if (given === null) throw excess(`all ${what}`, `Name ${what} that your own key has: ${listed(own)}`);
  const name = given.find((each) => !own.includes(each));
  if (name !== undefined)
    throw excess(`${JSON.stringify(name)} in ${what}`, `Your own key has ${listed(own)}`);
}

/** A `*` of the given pattern can only be covered by a `*`, since no other part of a pattern contains one. */
function refuseTopics(own: readonly string[] | null, given: readonly string[] | null): void {
  if (own === null) return;
  if (given === null) throw excess('all topics', `Name topics that your own key has: ${listed(own)}`);
  const pattern = given.find((each) => !own.some((covering) => topicMatches(covering, each)));
  if (pattern !== undefined)
    throw excess(`${JSON.stringify(pattern)} in topics`, `Your own key has ${listed(own)}`);
}

function excess(what: string, advice: string, details: Readonly<Record<string, unknown>> = {}) {
  return new ThroughlineError('FORBIDDEN', `You may not grant ${what}. ${advice}.`, details);
}

function listed(names: readonly string[]): string {
  const some = names.slice(0, 5).map((name) => JSON.stringify(name));
  return names.length > 5 ? `${some.join(', ')} and ${names.length - 5} more` : some.join(', ');
}
