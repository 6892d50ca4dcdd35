// The topics that exist and match a pattern.
import type { Queryable } from '../../database/database.ts';
import { isExactTopic, topicMatches } from '../../domain/events/topic.ts';
import { readTopics } from './read-events.ts';

/** Null if `most` topics or more begin like the pattern: too many to name. Costs one index probe per topic. */
export async function matchingTopics(
  database: Queryable,
  pattern: string,
  most: number,
): Promise<string[] | null> {
  if (isExactTopic(pattern)) return [pattern];
  const prefix = pattern.slice(0, pattern.indexOf('*'));
  const topics = await readTopics(database, prefix, most);
  return topics.length < most ? topics.filter((topic) => topicMatches(pattern, topic)) : null;
}
