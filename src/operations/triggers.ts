// Creates, lists, updates and deletes triggers, and rotates their secrets.
import { newId } from '../base/ids.ts';
import { randomBytes } from 'node:crypto';
import { badInput, ThroughlineError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Database } from '../database/database.ts';
import { checkId } from '../domain/events/send.ts';
import { checkSecrets } from '../domain/triggers/signature.ts';
import {
  draftTrigger,
  type Trigger,
  type TriggerInput,
  type TriggerUpdate,
  updatedTrigger,
} from '../domain/triggers/trigger.ts';
import type { Ownership } from '../domain/access/row-scope.ts';
import { checkTopicWithin, refuseReserved } from './access/access.ts';
import { keyOf, ownershipOf } from './access/ownership.ts';
import { noHandler } from './handlers.ts';
import type { Handling } from './handler-port.ts';
import type { Caller } from './callers.ts';
import { hasTriggerNamed, replaceSecrets } from '../store/control/trigger-administration.ts';
import {
  deleteTriggerRow,
  insertTrigger,
  listTriggers,
  readTriggersByIds,
  updateTriggerRow,
} from '../store/control/triggers.ts';

/** Every intended refusal is a ThroughlineError. A trigger that is not the caller's is as if it did not exist; without a caller all are. */
export interface TriggerOperations {
  createTrigger(input: TriggerInput, caller?: Caller): Promise<Trigger>;
  /** Answers the id in its canonical form. */
  deleteTrigger(id: string, caller?: Caller): Promise<string>;
  /** In place of all that it has; each of them is valid from now on. */
  setTriggerSecrets(id: string, secrets: readonly string[], caller?: Caller): Promise<Trigger>;
  /** What is not given stays, its URL as well. */
  updateTrigger(input: TriggerUpdate, caller?: Caller): Promise<Trigger>;
  /** By name. */
  triggers(caller?: Caller): Promise<readonly Trigger[]>;
  /** Returns null if the trigger does not exist. */
  trigger(id: string, caller?: Caller): Promise<Trigger | null>;
}

/** `onCreated` is called with each trigger that is new or was changed. */
export function createTriggerOperations(
  database: Database,
  handling: Handling,
  onCreated: () => void,
): TriggerOperations {
  return {
    createTrigger: async (input, caller) => {
      const trigger = await create(database, handling, input, caller);
      onCreated();
      return trigger;
    },
    deleteTrigger: async (given, caller) => {
      const id = checkTriggerId(given);
      if (await deleteTriggerRow(database, id, ownershipOf(caller))) return id;
      throw noTrigger(id);
    },
    setTriggerSecrets: async (id, secrets, caller) =>
      setSecrets(database, checkTriggerId(id), secrets, ownershipOf(caller)),
    updateTrigger: async (input, caller) => {
      const trigger = await update(database, handling, input, caller);
      onCreated();
      return trigger;
    },
    triggers: (caller) => listTriggers(database, ownershipOf(caller)),
    trigger: async (id, caller) => (await readTriggersByIds(database, [id], ownershipOf(caller)))[0] ?? null,
  };
}

async function create(
  database: Database,
  handling: Handling,
  input: TriggerInput,
  caller: Caller | undefined,
): Promise<Trigger> {
  const draft = draftTrigger(input, new Date());
  refuseReserved(draft.topic);
  if (caller?.rows) checkEvents(caller, draft.topic);
  if (draft.call !== null) checkCall(draft.call, handling);
  // As unguessable as a key: who knows it may deliver, unless there is a signature.
  const slug = draft.webhook === null ? null : randomBytes(16).toString('hex');
  const made = await insertTrigger(
    database,
    { id: newId(), slug, ...ownerOf(caller) },
    draft,
    limits.triggers,
  );
  if (made !== null) return made;
  if (await hasTriggerNamed(database, draft.name)) {
    throw badInput(`name ${JSON.stringify(draft.name)} is taken by another trigger; choose another.`);
  }
  throw new ThroughlineError(
    'LIMIT_EXCEEDED',
    `There are ${limits.triggers} triggers, which is the most there can be.`,
  );
}

async function update(
  database: Database,
  handling: Handling,
  input: TriggerUpdate,
  caller: Caller | undefined,
): Promise<Trigger> {
  const id = checkTriggerId(input.id);
  const owned = ownershipOf(caller);
  const [known] = await readTriggersByIds(database, [id], owned);
  if (known === undefined) throw noTrigger(id);
  const settings = updatedTrigger(known, input, new Date());
  refuseReserved(settings.topic);
  if (caller?.rows) checkEvents(caller, settings.topic);
  if (settings.call !== null && settings.call !== known.call) checkCall(settings.call, handling);
  const changed = await updateTriggerRow(database, id, settings, owned);
  if (changed === null) throw noTrigger(id);
  return changed;
}

/** Its events have a request each, and its key's project where that has one only. */
function checkEvents(caller: Caller, topic: string): void {
  const { rows } = caller;
  if (rows?.requestIds) throw noneWithin(caller, 'requests: each event of a trigger begins a new one');
  if (rows?.projects && rows.projects.length !== 1)
    throw noneWithin(
      caller,
      'projects: the events of a trigger can have the project only of a key with exactly one',
    );
  checkTopicWithin(caller, topic);
}

function noneWithin({ name }: Caller, why: string): ThroughlineError {
  return new ThroughlineError('FORBIDDEN', `The key ${JSON.stringify(name)} is restricted to ${why}.`);
}

function ownerOf(caller: Caller | undefined) {
  return { key: caller ? keyOf(caller) : null, rows: caller?.rows ?? null };
}

async function setSecrets(
  database: Database,
  id: string,
  secrets: readonly string[],
  owned: Ownership | null,
): Promise<Trigger> {
  const [trigger] = await readTriggersByIds(database, [id], owned);
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
