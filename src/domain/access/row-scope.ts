// Row scopes: the events that a key or token may see and touch, by project, topic and request.
import { topicMatches } from '../events/topic.ts';

/** Each list restricts; null does not. An event without a project is outside of every list of projects. */
export interface RowScope {
  /** Exact names. */
  readonly projects: readonly string[] | null;
  /** Topic patterns. */
  readonly topics: readonly string[] | null;
  readonly requestIds: readonly string[] | null;
}

/** What a row scope looks at. */
export interface Located {
  readonly topic: string;
  readonly project: string | null;
  readonly requestId: string;
}

/** Null where nothing restricts. */
export function rowScope(scope: Partial<RowScope>): RowScope | null {
  const { projects = null, topics = null, requestIds = null } = scope;
  return projects === null && topics === null && requestIds === null
    ? null
    : { projects, topics, requestIds };
}

export function isWithin(rows: RowScope | null, { topic, project, requestId }: Located): boolean {
  if (rows === null) return true;
  const { projects, topics, requestIds } = rows;
  return (
    (projects === null || (project !== null && projects.includes(project))) &&
    (topics === null || topics.some((pattern) => topicMatches(pattern, topic))) &&
    (requestIds === null || requestIds.includes(requestId))
  );
}
