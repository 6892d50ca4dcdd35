// Whether there is a source of events by a name: a mistyped one would be waited for in vain.
import { badInput } from '../base/errors.ts';
import type { Database } from '../database/database.ts';
import { nearestFew } from '../domain/cel/language/suggest.ts';
import { hasSent, sendersAround } from '../store/events/senders.ts';
import { hasTriggerNamed, readTriggers } from '../store/control/trigger-administration.ts';

/** Names of senders that are looked at for one that may have been meant. */
const sendersLookedAt = 300;

export interface SourceParts {
  readonly database: Database;
  /** Whether there is a handler, or a declared topic, of that name: a source before any event has come of it. */
  readonly isDeclared: (name: string) => Promise<boolean>;
  /** Of some of them. */
  readonly declaredNames: () => Promise<readonly string[]>;
}

/** Throws BAD_USER_INPUT with the nearest names. */
export async function checkSource(
  source: string,
  { database, isDeclared, declaredNames }: SourceParts,
): Promise<void> {
  if (await hasSent(database, source)) return;
  if ((await hasTriggerNamed(database, source)) || (await isDeclared(source))) return;
  const [names, senders, triggers] = await Promise.all([
    declaredNames(),
    sendersAround(database, source, sendersLookedAt),
    readTriggers(database),
  ]);
  const known = new Set([...names, ...senders, ...triggers.map(({ name }) => name)]);
  const near = nearestFew(source, known, 3).map((name) => JSON.stringify(name));
  const meant = near.length === 0 ? 'there is none yet' : `the nearest are ${near.join(', ')}`;
  throw badInput(
    `source ${JSON.stringify(source)} is known to no trigger, declaration, handler or event: ${meant}. To wait for what is still to come, give topics, which may be unknown.`,
  );
}
