// Row scopes: the events that a key or token may see and touch, by project, topic and request.
import { topicMatches } from '../events/topic.ts';
import { isAudit, isReserved } from '../events/reserved-topics.ts';

/** Each list restricts; null does not. An event without a project is outside of every list of projects. */
export interface RowScope {
  /** Exact names. */
  readonly projects: readonly string[] | null;
  /** Topic patterns. */
  readonly topics: readonly string[] | null;
  readonly requestIds: readonly string[] | null;
  /** Whether events of the audit are outside. False if absent. */
  readonly hidesAudit?: boolean;
  /** Whether events of all reserved topics are outside, as for bulk mutations. False if absent. */
  readonly hidesReserved?: boolean;
}

/** What a row scope looks at. */
export interface Located {
  readonly topic: string;
  readonly project: string | null;
  readonly requestId: string;
}

const everything: RowScope = { projects: null, topics: null, requestIds: null };

/** Null where nothing restricts. */
export function rowScope(scope: Partial<RowScope>): RowScope | null {
  const { projects = null, topics = null, requestIds = null } = scope;
  return projects === null && topics === null && requestIds === null
    ? null
    : { projects, topics, requestIds };
}

export function withoutAudit(rows: RowScope | null): RowScope {
  return { ...(rows ?? everything), hidesAudit: true };
}

export function withoutReserved(rows: RowScope | null): RowScope {
  return { ...(rows ?? everything), hidesReserved: true };
}

export function isWithin(rows: RowScope | null, { topic, project, requestId }: Located): boolean {
  if (rows === null) return true;
  const { projects, requestIds } = rows;
  return (
    (projects === null || (project !== null && projects.includes(project))) &&
    (requestIds === null || requestIds.includes(requestId)) &&
    isTopicWithin(rows, topic)
  );
}

export function isTopicWithin(rows: RowScope | null, topic: string): boolean {
  if (rows === null) return true;
  const { topics, hidesAudit = false, hidesReserved = false } = rows;
  return (
    (topics === null || topics.some((pattern) => topicMatches(pattern, topic))) &&
    !(hidesAudit && isAudit(topic)) &&
    !(hidesReserved && isReserved(topic))
  );
}

/** Whether it restricts by project, topic or request, rather than only hiding the audit. */
export function isRestricted(rows: RowScope | null): rows is RowScope {
  return rows !== null && (rows.projects ?? rows.topics ?? rows.requestIds) !== null;
}

/** What a caller sees of what keys own. */
export interface Ownership {
  readonly key: string;
  /** It shares what was made by keys whose rows are all within these. Null: it shares nothing. */
  readonly shared: (RowScope & { readonly projects: readonly string[] }) | null;
}
