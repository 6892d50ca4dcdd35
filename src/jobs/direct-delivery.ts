// Direct delivery: a job is written with its source, for a call that waits for it.
import { isWithin } from '../domain/access/row-scope.ts';
import { CostExceeded, Meter } from '../domain/cel/meter.ts';
import { conditionsMatch } from '../domain/conditions/match-conditions.ts';
import { type CheckedConditions, isGroup } from '../domain/conditions/conditions.ts';
import type { ConditionField } from '../domain/conditions/condition-keys.ts';
import type { ConsumerDefinition } from '../domain/jobs/enroll.ts';
import type { EventRecord } from '../domain/events/event.ts';
import { topicMatches } from '../domain/events/topic.ts';
import type { NewRun } from '../store/events/create-events.ts';
import type { CreatedJob } from '../store/jobs/create-jobs.ts';
import { claimOfNew, measured, newClaim } from './claims.ts';
import type { WaitingEnroll } from './waiting-enroll.ts';

/** A job to be written with its source. */
export interface Offer {
  readonly run: NewRun;
  /** Its source was written; `row` is null if the job was not. Either this or `drop` must be called, once. */
  settle(source: EventRecord, row: CreatedJob | null): void;
  /** Its source was not written. */
  drop(): void;
}

/** A call with offers. */
interface DirectDelivery {
  /** Offers that are not settled. */
  open: number;
  /** JSON of the offered sources, in bytes. */
  bytes: number;
  /** It has got a job, and waits only for its open offers. */
  isFull: boolean;
}

/** The direct deliveries of one consumer. */
export class DirectDeliveries {
  readonly #definition: ConsumerDefinition;
  readonly #deliveries = new Map<WaitingEnroll, DirectDelivery>();
  readonly #onEnd: (call: WaitingEnroll) => void;

  /** `onEnd`: the call has no open offers any more. */
  constructor(definition: ConsumerDefinition, onEnd: (call: WaitingEnroll) => void) {
    this.#definition = definition;
    this.#onEnd = onEnd;
  }

  get size(): number {
    return this.#deliveries.size;
  }

  /**
   * Null if no call wants more, and `next` has none that does. `onMissed`: no job was written; its source was if
   * `isWritten`. `bytes`: the JSON of the source.
   */
  offer(
    bytes: number,
    next: () => WaitingEnroll | undefined,
    onMissed: (isWritten: boolean) => void,
  ): Offer | null {
    const call = this.#wanting(bytes) ?? next();
    if (call === undefined) return null;
    const deliver = this.#deliveries.get(call) ?? { open: 0, bytes: 0, isFull: false };
    this.#deliveries.set(call, deliver);
    deliver.open += 1;
    deliver.bytes += bytes;
    call.begin();
    const run = newClaim(this.#definition, call.request.terms, true);
    const close = () => {
      deliver.open -= 1;
      if (deliver.open > 0) return;
      this.#deliveries.delete(call);
      this.#onEnd(call);
    };
    return {
      run,
      settle: (source, row) => {
        if (row === null) {
          onMissed(true);
        } else {
          deliver.isFull = true;
          call.got.push(claimOfNew(run, measured(source, bytes), row, bytes));
        }
        close();
      },
      drop: () => {
        onMissed(false);
        close();
      },
    };
  }

  /** Resolves when nothing is open. */
  async settled(): Promise<void> {
    await Promise.allSettled([...this.#deliveries.keys()].map(({ answer }) => answer));
  }

  #wanting(more: number): WaitingEnroll | undefined {
    for (const [call, { open, bytes, isFull }] of this.#deliveries) {
      if (!isFull && call.missing > open && bytes + more <= call.request.room) return call;
    }
    return undefined;
  }
}

/** Fields that are decided only when the event is written. */
const decidedLate: readonly ConditionField[] = [
  'requestId',
  'createdAt',
  'updatedAt',
  'startedAt',
  'finishedAt',
];

/**
 * Whether a consumer selects an event that is about to be written as FINISHED, by the rules of
 * src/store/jobs/find-sources.ts. False also if that cannot be decided yet, or not at once: then the log wakes the call.
 */
export function selectsUnwritten(definition: ConsumerDefinition, event: EventRecord): boolean {
  const { topics, target, ignoredSenderTypes, conditions, where, rows } = definition;
  const { topic, senderType } = event;
  if (where !== null || (topic === target && !topics.includes(target))) return false;
  // The request is decided only as the event is written.
  if (rows !== null && (rows.requestIds !== null || !isWithin(rows, event))) return false;
  if (senderType !== null && ignoredSenderTypes.includes(senderType)) return false;
  return (
    topics.some((pattern) => topicMatches(pattern, topic)) &&
    (conditions === null || (isDecided(conditions) && matchesAtOnce(conditions, event)))
  );
}

/** Steps that the conditions may take while the event waits to be written. */
const stepsAtOnce = 3_000;

function matchesAtOnce(conditions: CheckedConditions, event: EventRecord): boolean {
  try {
    return conditionsMatch(conditions, event, new Meter(stepsAtOnce));
  } catch (error) {
    if (error instanceof CostExceeded) return false;
    throw error;
  }
}

function isDecided(conditions: CheckedConditions): boolean {
  if (isGroup(conditions)) return conditions.conditions.every(isDecided);
  return !('field' in conditions && decidedLate.includes(conditions.field));
}
