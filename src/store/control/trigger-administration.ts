// What administrators ask of triggers: listed, looked up by name, deleted, and their secrets replaced.
import { controlPlane } from '../../database/control-plane.ts';
import type { Database } from '../../database/database.ts';
import type { Trigger } from '../../domain/triggers/trigger.ts';

/** All but what is shown of a trigger. */
const omit = { secrets: true, verifyToken: true, dueTick: true, dueMissed: true } as const;

/** By name. */
export async function readTriggers(database: Database): Promise<Trigger[]> {
  const { trigger } = await controlPlane(database);
  return trigger.findMany({ omit, orderBy: { name: 'asc' } });
}

export async function hasTriggerNamed(database: Database, name: string): Promise<boolean> {
  const { trigger } = await controlPlane(database);
  return (await trigger.findUnique({ where: { name }, select: { id: true } })) !== null;
}

/** Answers false where there is none. */
export async function deleteTriggerRow(database: Database, id: string): Promise<boolean> {
  const { trigger } = await controlPlane(database);
  const { count } = await trigger.deleteMany({ where: { id } });
  return count > 0;
}

/** Null where there is none. */
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
