// Consumers of jobs as callers see them, and the counts of their work.
import { badInput, ThroughlineError } from '../../base/errors.ts';
import type { ConsumerModel } from '../../../generated/prisma/models.ts';
import type { Position } from '../events/event.ts';
import type { Flow } from './flow.ts';
import { checkId } from '../events/send.ts';

export interface Consumer extends Readonly<Pick<ConsumerModel, 'id' | 'name' | 'createdAt' | 'paused'>> {
  readonly targetTopic: string;
  /** Every topic that it has had as target. */
  readonly targets: readonly string[];
  /** Null for a plain queue. */
  readonly sourceTopics: readonly string[] | null;
  /** In CEL; null for none. */
  readonly where: string | null;
  readonly position: Position;
  readonly flow: Flow;
  readonly lastAskedAt: Date | null;
  /** The definition in canonical form. */
  readonly definition: StoredDefinition;
}

/** As `definitionText` writes it. */
export interface StoredDefinition {
  readonly topics: readonly string[];
  readonly target: string;
  readonly ignoredSenderTypes: readonly string[];
  readonly ignoreOlderThanMs: number | null;
  readonly where?: string;
  /** As `rowsText` writes it. */
  readonly rows?: string;
  readonly filter: unknown;
}

/** Each count stops at `limits.countCap`. */
export interface Backlog {
  /** Sources or queued events that nobody has claimed yet. */
  readonly waiting: number;
  /** Jobs that can be claimed now: restarted, released, lapsed, or due for a retry. */
  readonly ready: number;
  /** Failed jobs whose retry delay is not over. */
  readonly retrying: number;
  readonly held: number;
  /** Jobs that failed without retries left. */
  readonly exhausted: number;
  readonly oldestWaitingAt: Date | null;
  /** False if a count stopped, or if a filter was not tested on everything that may wait. */
  readonly isExact: boolean;
}

export const noBacklog: Backlog = {
  ...{ waiting: 0, ready: 0, retrying: 0, held: 0, exhausted: 0 },
  oldestWaitingAt: null,
  isExact: true,
};

/** A worker of a consumer. */
export interface Worker {
  readonly name: string;
  readonly held: number;
  readonly lastSeenAt: Date;
}

/** Consumers are stored under their ids without dashes. */
export function storedConsumerId(given: string): string {
  return checkId(given, 'id', 'a consumer').replaceAll('-', '');
}

export function noSuchConsumer(id: string): ThroughlineError {
  return new ThroughlineError('NOT_FOUND', `There is no consumer ${id}.`, { consumerId: id });
}

export function isWithoutPosition(): ThroughlineError {
  return badInput('A plain queue has no position in the log: all events that wait in it are handed out.');
}
