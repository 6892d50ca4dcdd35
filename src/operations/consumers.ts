// Consumers of jobs: listed with their backlog and workers, paused, resumed, moved and deleted.
import type { Database } from '../database/database.ts';
import {
  type Backlog,
  type Consumer,
  isWithoutPosition,
  noSuchConsumer,
  storedConsumerId,
  type Worker,
} from '../domain/jobs/consumer.ts';
import { checkFlow, type FlowInput, storedFlow } from '../domain/jobs/flow.ts';
import { checkPage, checkPosition, type Page, pastLogEnd } from '../domain/events/page.ts';
import { checkTopic } from '../domain/events/topic.ts';
import { createdPage, parseCreationPoint } from '../domain/values/created-page.ts';
import { limits } from '../base/limits.ts';
import { readBacklogs, readJobBacklogs } from '../jobs/consumers/backlogs.ts';
import {
  deleteConsumer,
  listConsumers,
  moveConsumer,
  readConsumer,
  readWorkers,
  setPaused,
} from '../store/jobs/consumer-administration.ts';
import { saveFlow } from '../store/jobs/consumers.ts';
import type { Caller } from './callers.ts';
import { ownershipOf } from './access/ownership.ts';

export interface ConsumerListing {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly targetTopic?: string | null | undefined;
}

/** An unknown id, or one of a consumer that the caller does not see, is NOT_FOUND. Without a caller, all are seen. */
export interface ConsumerOperations {
  /** Oldest first. */
  consumers(listing: ConsumerListing, caller?: Caller): Promise<Page<Consumer>>;
  /** Null if there is none. */
  consumer(id: string, caller?: Caller): Promise<Consumer | null>;
  /** Uses the caller's share of large reads and of the time for filters. */
  backlogsOf(consumers: readonly Consumer[], caller?: Caller): Promise<Map<string, Backlog>>;
  workersOf(consumers: readonly Consumer[]): Promise<Map<string, Worker[]>>;
  /** By full name. */
  handlerBacklogsOf(fullNames: readonly string[]): Promise<Map<string, Backlog>>;
  /** In effect at this gateway when it resolves, at others within a second; so are the next three. */
  pauseConsumer(id: string, caller?: Caller): Promise<Consumer>;
  resumeConsumer(id: string, caller?: Caller): Promise<Consumer>;
  /** A plain queue has no position: BAD_USER_INPUT. */
  moveConsumer(id: string, after: string, caller?: Caller): Promise<Consumer>;
  /** Replaces the limits. */
  setConsumerFlow(id: string, flow: FlowInput, caller?: Caller): Promise<Consumer>;
  /** Its jobs stay. Returns the id. */
  deleteConsumer(id: string, caller?: Caller): Promise<string>;
}

export interface ConsumerParts {
  readonly database: Database;
  /** Stores positions and workers that are in memory. */
  readonly jobs: { store(): Promise<void> };
  /** Tells all gateways that a consumer has changed; resolves when that is in effect here. */
  readonly broadcast: { consumer(storedId: string): Promise<void> };
}

export function createConsumerOperations(parts: ConsumerParts): ConsumerOperations {
  const { database, jobs } = parts;
  return {
    consumers: async (listing, caller) => {
      await jobs.store();
      return list(database, listing, caller);
    },
    consumer: async (id, caller) => readConsumer(database, storedConsumerId(id), owner(caller)),
    backlogsOf: (consumers, caller) => readBacklogs(database, consumers, caller?.name ?? 'gateway'),
    workersOf: (consumers) => workersOf(database, consumers),
    handlerBacklogsOf: async (fullNames) => {
      const counted = fullNames.map((name) => ({ id: `handler ${name}`, targets: [name] }));
      const backlogs = await readJobBacklogs(database, counted);
      return new Map(fullNames.map((name) => [name, backlogs.get(`handler ${name}`)!]));
    },
    pauseConsumer: (id, caller) =>
      change(parts, id, caller, (stored) => setPaused(database, stored, true, owner(caller))),
    resumeConsumer: (id, caller) =>
      change(parts, id, caller, (stored) => setPaused(database, stored, false, owner(caller))),
    setConsumerFlow: (id, given, caller) => {
      const flow = storedFlow(checkFlow(given));
      return change(parts, id, caller, (stored) => saveFlow(database, stored, flow, owner(caller)));
    },
    moveConsumer: (id, after, caller) => move(parts, id, after, caller),
    deleteConsumer: async (given, caller) => {
      const stored = storedConsumerId(given);
      if (!(await deleteConsumer(database, stored, owner(caller)))) throw noSuchConsumer(given);
      await parts.broadcast.consumer(stored);
      return given;
    },
  };
}

const owner = (caller: Caller | undefined) => ownershipOf(caller);

async function list(
  database: Database,
  { first = null, after = null, targetTopic = null }: ConsumerListing,
  caller: Caller | undefined,
): Promise<Page<Consumer>> {
  const { size } = checkPage({ first }, 'CREATED');
  const point = parseCreationPoint('C', after);
  const target = targetTopic === null ? null : checkTopic(targetTopic, 'targetTopic');
  const found = await listConsumers(database, { limit: size + 1, after: point, target }, owner(caller));
  return createdPage('C', found, size, point);
}

async function workersOf(database: Database, consumers: readonly Consumer[]): Promise<Map<string, Worker[]>> {
  const workers = new Map<string, Worker[]>(consumers.map(({ id }) => [id, []]));
  for (const { id, ...worker } of await readWorkers(database, consumers, limits.listedWorkers)) {
    workers.get(id)?.push(worker);
  }
  return workers;
}

/** `write` returns whether there is such a consumer. */
async function change(
  { database, broadcast }: ConsumerParts,
  given: string,
  caller: Caller | undefined,
  write: (storedId: string) => Promise<boolean>,
): Promise<Consumer> {
  const stored = storedConsumerId(given);
  if (!(await write(stored))) throw noSuchConsumer(given);
  await broadcast.consumer(stored);
  const consumer = await readConsumer(database, stored, owner(caller));
  if (consumer === null) throw noSuchConsumer(given);
  return consumer;
}

async function move(
  parts: ConsumerParts,
  given: string,
  givenAfter: string,
  caller: Caller | undefined,
): Promise<Consumer> {
  const after = checkPosition(givenAfter, 'after');
  const known = await readConsumer(parts.database, storedConsumerId(given), owner(caller));
  if (known === null) throw noSuchConsumer(given);
  if (known.sourceTopics === null) throw isWithoutPosition();
  return change(parts, given, caller, async (stored) => {
    const { isMoved, logEnd } = await moveConsumer(parts.database, stored, after, owner(caller));
    if (!isMoved && after > logEnd) throw pastLogEnd('after', after, logEnd);
    return isMoved;
  });
}
