// Control-plane queries on triggers: list, look-up by name, deletion, replacement of secrets.
import { controlPlane } from '../../database/control-plane.ts';
import type { Database } from '../../database/database.ts';
import type { Trigger } from '../../domain/triggers/trigger.ts';

/** Columns that are not public. */
const omit = {
  secrets: true,
  verifyToken: true,
  dueTick: true,
  dueMissed: true,
  keyId: true,
  rows: true,
} as const;

/** Ordered by name. */
export async function readTriggers(database: Database): Promise<Trigger[]> {
  const { trigger } = await controlPlane(database);
  return trigger.findMany({ omit, orderBy: { name: 'asc' } });
}

export async function hasTriggerNamed(database: Database, name: string): Promise<boolean> {
  const { trigger } = await controlPlane(database);
  return (await trigger.findUnique({ where: { name }, select: { id: true } })) !== null;
}

/** Returns false if the trigger does not exist. */
export async function replaceSecrets(
  database: Database,
  id: string,
  secrets: readonly string[],
): Promise<Trigger | null> {
  const { trigger } = await controlPlane(database);
  const [changed] = await trigger.updateManyAndReturn({
    where: { id },
    data: { secrets: [...secrets] },
    omit,
  });
  return changed ?? null;
}
