// Access checks: the scope of an operation, the rows of a caller, and reserved topics.
import { ThroughlineError } from '../../base/errors.ts';
import { reservedPrefix, isReserved } from '../../domain/events/reserved-topics.ts';
import {
  isRestricted,
  isTopicWithin,
  isWithin,
  type Located,
  type RowScope,
  withoutAudit,
} from '../../domain/access/row-scope.ts';
import { hasScope, type Scope } from '../../domain/access/scopes.ts';
import type { Caller } from '../callers.ts';

/** Throws FORBIDDEN, which names the scope. */
export function requireScope(caller: Pick<Caller, 'name' | 'scopes'>, scope: Scope): void {
  if (!hasScope(caller.scopes, scope)) throw forbidden(caller, scope);
}

/** `more`: what else would do. */
export function forbidden({ name }: Pick<Caller, 'name'>, scope: Scope, more = ''): ThroughlineError {
  return new ThroughlineError(
    'FORBIDDEN',
    `This needs the scope ${scope}${more}, which the key ${JSON.stringify(name)} does not have.`,
    { scope },
  );
}

const hiding = new WeakMap<RowScope, RowScope>();
const hidingOnly = withoutAudit(null);

/** The rows of a caller: the audit is outside of them unless it may read it. */
export function rowsOf({ scopes, rows }: Pick<Caller, 'scopes' | 'rows'>): RowScope | null {
  if (hasScope(scopes, 'audit:read')) return rows;
  if (rows === null) return hidingOnly;
  const known = hiding.get(rows) ?? withoutAudit(rows);
  hiding.set(rows, known);
  return known;
}

/** Throws FORBIDDEN where an event that the caller wants to be there would be outside of its rows. */
export function checkWithin({ name, rows }: Pick<Caller, 'name' | 'rows'>, event: Located): void {
  if (rows === null || isWithin(rows, event)) return;
  const { projects, topics, requestIds } = rows;
  const allowed = [
    ...(projects === null ? [] : [`projects ${list(projects)}`]),
    ...(topics === null ? [] : [`topics ${list(topics)}`]),
    ...(requestIds === null ? [] : [`requests ${list(requestIds)}`]),
  ];
  const project = event.project === null ? 'no project' : `the project ${JSON.stringify(event.project)}`;
  throw new ThroughlineError(
    'FORBIDDEN',
    `The key ${JSON.stringify(name)} is restricted to ${allowed.join(' and ')}; the event has the topic ${JSON.stringify(event.topic)}, ${project} and the request ${JSON.stringify(event.requestId)}.`,
  );
}

/** Throws FORBIDDEN for a caller that is restricted to some events, if the operation cannot be restricted. */
export function refuseRestricted({ name, rows }: Pick<Caller, 'name' | 'rows'>, what: string): void {
  if (!isRestricted(rows)) return;
  throw new ThroughlineError(
    'FORBIDDEN',
    `The key ${JSON.stringify(name)} is restricted to some events, and may not use ${what}; use a key without restrictions.`,
  );
}

/** The same for an event that is there and is to get this project. */
export function checkProjectWithin({ name, rows }: Pick<Caller, 'name' | 'rows'>, project: string): void {
  const projects = rows?.projects ?? null;
  if (projects === null || projects.includes(project)) return;
  throw new ThroughlineError(
    'FORBIDDEN',
    `The key ${JSON.stringify(name)} is restricted to projects ${list(projects)}; the event would get the project ${JSON.stringify(project)}.`,
  );
}

/** The same for a topic that jobs are to get. */
export function checkTopicWithin({ name, rows }: Pick<Caller, 'name' | 'rows'>, topic: string): void {
  if (rows === null || isTopicWithin(rows, topic)) return;
  throw new ThroughlineError(
    'FORBIDDEN',
    `The key ${JSON.stringify(name)} is restricted to topics ${list(rows.topics ?? [])}; ${JSON.stringify(topic)} is none of them.`,
  );
}

function list(names: readonly string[]): string {
  const some = names.slice(0, 5).map((name) => JSON.stringify(name));
  return names.length > 5 ? `${some.join(', ')} and ${names.length - 5} more` : some.join(', ') || '(none)';
}

/** Throws FORBIDDEN for a topic of the gateway itself. */
export function refuseReserved(topic: string): void {
  if (!isReserved(topic)) return;
  throw new ThroughlineError(
    'FORBIDDEN',
    `The topic ${JSON.stringify(topic)} is reserved: events of ${reservedPrefix}* are the gateway's own; nobody can send, change or delete them.`,
  );
}
