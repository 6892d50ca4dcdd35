// Making, listing and deleting triggers, and changing their secrets.
import { newId } from '../base/ids.ts';
import { randomBytes } from 'node:crypto';
import { badInput, ThroughlineError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Database } from '../database/database.ts';
import { checkId } from '../domain/events/send.ts';
import { checkSecrets } from '../domain/triggers/signature.ts';
import { draftTrigger, type Trigger, type TriggerInput } from '../domain/triggers/trigger.ts';
import { noHandler } from './handlers.ts';
import type { Handling } from './handler-port.ts';
import {
  deleteTriggerRow,
  hasTriggerNamed,
  readTriggers,
  replaceSecrets,
} from '../store/control/trigger-administration.ts';
import { insertTrigger, readTriggersByIds } from '../store/control/triggers.ts';

/** Every intended refusal is a ThroughlineError. */
export interface TriggerOperations {
  createTrigger(input: TriggerInput): Promise<Trigger>;
  /** Answers the id in its canonical form. */
  deleteTrigger(id: string): Promise<string>;
  /** In place of all that it has; each of them is valid from now on. */
  setTriggerSecrets(id: string, secrets: readonly string[]): Promise<Trigger>;
  /** By name. */
  triggers(): Promise<readonly Trigger[]>;
  /** Returns null if the trigger does not exist. */
  trigger(id: string): Promise<Trigger | null>;
}

/** `onCreated` is told of each new one. */
export function createTriggerOperations(
  database: Database,
  handling: Handling,
  onCreated: () => void,
): TriggerOperations {
  return {
    createTrigger: async (input) => {
      const trigger = await create(database, handling, input);
      onCreated();
      return trigger;
    },
    deleteTrigger: async (given) => {
      const id = checkTriggerId(given);
      if (await deleteTriggerRow(database, id)) return id;
      throw noTrigger(id);
    },
    setTriggerSecrets: async (id, secrets) => setSecrets(database, checkTriggerId(id), secrets),
    triggers: () => readTriggers(database),
    trigger: async (id) => (await readTriggersByIds(database, [id]))[0] ?? null,
  };
}

async function create(database: Database, handling: Handling, input: TriggerInput): Promise<Trigger> {
  const draft = draftTrigger(input, new Date());
  if (draft.call !== null) checkCall(draft.call, handling);
  // As unguessable as a key: who knows it may deliver, unless there is a signature.
  const slug = draft.webhook === null ? null : randomBytes(16).toString('hex');
  const made = await insertTrigger(database, newId(), draft, slug, limits.triggers);
  if (made !== null) return made;
  if (await hasTriggerNamed(database, draft.name)) {
    throw badInput(`name ${JSON.stringify(draft.name)} is taken by another trigger; choose another.`);
  }
  throw new ThroughlineError(
    'LIMIT_EXCEEDED',
    `There are ${limits.triggers} triggers, which is the most there can be.`,
  );
}

async function setSecrets(database: Database, id: string, secrets: readonly string[]): Promise<Trigger> {
  const [trigger] = await readTriggersByIds(database, [id]);
  if (trigger === undefined) throw noTrigger(id);
  if (trigger.signature === null) throw badInput('A schedule has no secrets.');
  const changed = await replaceSecrets(database, id, checkSecrets(trigger.signature, secrets, 'secrets'));
  if (changed === null) throw noTrigger(id);
  return changed;
}

/** One of another kind would find nothing in what comes in from outside. */
function checkCall(call: string, handling: Handling): void {
  const handler = handling.list().find((listed) => listed.works && listed.fullName === call);
  if (!handler?.works) throw badInput(`call: ${noHandler(call, handling).message}`);
  if (handling.baseTypeOf(handler.eventType) !== 'events.NormalType')
    throw badInput(
      `call names ${call}, which is for events of the type ${handler.eventType}; name one of events.NormalType.`,
    );
}

function checkTriggerId(id: string): string {
  return checkId(id, 'id', 'a trigger');
}

function noTrigger(id: string): ThroughlineError {
  return new ThroughlineError('NOT_FOUND', `There is no trigger ${id}.`, { triggerId: id });
}
