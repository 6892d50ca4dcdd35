// Ownership: subscriptions, consumers and triggers belong to the key that created them, and so do attempts at jobs.
import type { Ownership } from '../../domain/access/row-scope.ts';
import { hasScope } from '../../domain/access/scopes.ts';
import type { Caller } from '../callers.ts';

type Owner = Pick<Caller, 'name' | 'keyId'>;

/** Tells keys apart. A key without an id, as that of the settings, is known by its name. */
export function keyOf({ name, keyId }: Owner): string {
  return keyId ?? `name:${name}`;
}

/** The key of a caller that may use only attempts that it was given; null for others. */
export function onlyKeyOf(caller: Caller): string | null {
  return hasScope(caller.scopes, 'events:update') ? null : keyOf(caller);
}

/** Absent: the gateway itself. */
export function ownershipOf(caller: Caller | undefined): Ownership | null {
  if (caller === undefined || hasScope(caller.scopes, 'admin')) return null;
  const { rows } = caller;
  const shared = rows !== null && rows.projects !== null ? { ...rows, projects: rows.projects } : null;
  return { key: keyOf(caller), shared };
}
