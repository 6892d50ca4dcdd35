// Checks that a source exists, since a mistyped name would never match.
import { badInput } from '../base/errors.ts';
import type { Database } from '../database/database.ts';
import { nearestFew } from '../domain/cel/language/suggest.ts';
import { hasSent, sendersAround } from '../store/events/senders.ts';
import { isDeclaredTopic, readDeclared } from '../store/control/topic-administration.ts';
import { hasTriggerNamed, readTriggers } from '../store/control/trigger-administration.ts';
import type { Handling } from './handler-port.ts';

/** Names of senders and declared topics that are compared, to suggest a similar one. */
const sendersLookedAt = 300;
const topicsLookedAt = 1_000;

export interface SourceParts {
  readonly database: Database;
  readonly handling: Handling;
}

/** Throws BAD_USER_INPUT with the nearest names. */
export async function checkSource(source: string, { database, handling }: SourceParts): Promise<void> {
  if ((await hasSent(database, source)) || (await hasTriggerNamed(database, source))) return;
  // A source that has not sent any event yet.
  if (handling.has(source) || (await isDeclaredTopic(database, source))) return;
  const [topics, senders, triggers] = await Promise.all([
    readDeclared(database, '', topicsLookedAt),
    sendersAround(database, source, sendersLookedAt),
    readTriggers(database),
  ]);
  const known = new Set([
    ...handling.list().map(({ fullName }) => fullName),
    ...topics.map(({ name }) => name),
    ...senders,
    ...triggers.map(({ name }) => name),
  ]);
  const near = nearestFew(source, known, 3).map((name) => JSON.stringify(name));
  const meant = near.length === 0 ? 'there is none yet' : `the nearest are ${near.join(', ')}`;
  throw badInput(
    `source ${JSON.stringify(source)} is known to no trigger, declaration, handler or event: ${meant}. To wait for what is still to come, give topics, which may be unknown.`,
  );
}
