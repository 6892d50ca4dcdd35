// Inputs of enroll: validation, the consumer definition, and the claim terms.
import { createHash } from 'node:crypto';
import { badInput, ThroughlineError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { isRestricted, type RowScope } from '../access/row-scope.ts';
import { type CelFilter, checkCel } from '../cel/filter.ts';
import { type CheckedConditions, conditionsText, storedConditions } from '../conditions/conditions.ts';
import { checkConditions, type ConditionsInput } from '../conditions/check-conditions.ts';
import { conditionsWith } from '../conditions/event-filter.ts';
import type { Position } from '../events/event.ts';
import { checkPosition } from '../events/page.ts';
import { checkDescription, optionalName } from '../events/send.ts';
import { checkTopic, checkTopicPattern } from '../events/topic.ts';
import type { StoredDefinition } from './consumer.ts';
import { checkFlow, type Flow, type FlowInput } from './flow.ts';
import { checkWithin } from '../values/whole-number.ts';

type Given<T> = T | null | undefined;

/** An enroll input as it arrives. Null means absent. */
export interface EnrollInput {
  /** Absent: a plain queue, whose jobs are the unfinished events of the target topic. */
  readonly sourceTopics?: Given<readonly string[]>;
  readonly targetTopic: string;
  readonly worker: string;
  /** The name of a consumer that keeps its position whatever else of the input changes. */
  readonly consumer?: Given<string>;
  /** Where a new consumer begins: after this position. */
  readonly startAfter?: Given<string>;
  /** The same by time. */
  readonly startAt?: Given<Date>;
  /** The limits of the consumer, all of them; absent: as they are. */
  readonly flow?: Given<FlowInput>;
  readonly sender?: Given<string>;
  readonly senderType?: Given<string>;
  readonly description?: Given<string>;
  readonly project?: Given<string>;
  readonly sequential?: Given<boolean>;
  readonly sticky?: Given<boolean>;
  readonly filter?: Given<ConditionsInput>;
  /** A CEL expression. */
  readonly where?: Given<string>;
  readonly maxRetries?: Given<number>;
  readonly retryDelayMs?: Given<number>;
  readonly ignoreSenderTypes?: Given<readonly string[]>;
  readonly ignoreOlderThanDays?: Given<number>;
  readonly leaseMs?: Given<number>;
  /** Internal: a lease instead of `leaseMs`, without its limit, for workers that send no heartbeats. */
  readonly longLeaseMs?: Given<number>;
  /** Internal: the user of the job; absent: the source's. */
  readonly user?: Given<string>;
  readonly waitMs?: Given<number>;
}

/** A consumer definition: source topics, filters and target. Each has its own position in the log. */
export interface ConsumerDefinition {
  /** The same for equal definitions under the same name, regardless of the caller and of the order of lists. */
  readonly id: string;
  /** The id of the consumer: that of the definition or, of a named consumer, of its name and its rows. */
  readonly consumerId: string;
  readonly name: string | null;
  /** Patterns, sorted. Empty for a plain queue, and if the jobs are created elsewhere and only claimed. */
  readonly topics: readonly string[];
  /** Whether the unfinished events of the target are the jobs. Filters then test the event itself instead of a source. */
  readonly isQueue: boolean;
  readonly target: string;
  /** The given conditions, and those that `where` implies. */
  readonly conditions: CheckedConditions | null;
  /** The part of the filter that must be tested on the source itself. */
  readonly where: CelFilter | null;
  readonly ignoredSenderTypes: readonly string[];
  /** Maximum age of a source, since it became FINISHED, in milliseconds; null for no limit. */
  readonly ignoreOlderThanMs: number | null;
  /** Sources and jobs are within these rows. */
  readonly rows: RowScope | null;
}

/** Which key claims jobs, and what of jobs it may use. */
export interface Claimant {
  readonly key: string | null;
  /** Whether it may use only attempts that it was given. */
  readonly isOwnOnly: boolean;
  readonly rows: RowScope | null;
}

const anyone: Claimant = { key: null, isOwnOnly: false, rows: null };

/** The terms of a worker's claims. */
export interface ClaimTerms {
  readonly worker: string;
  readonly sender: string;
  readonly senderType: string | null;
  readonly description: string | null;
  readonly project: string | null;
  /** Null: the source's. */
  readonly user: string | null;
  readonly maxRetries: number;
  readonly retryDelayMs: number;
  readonly leaseMs: number;
  readonly sequential: boolean;
  readonly sticky: boolean;
  /** The key that claims. */
  readonly key: string | null;
  /** Whether a sticky worker gets only what this key has claimed. */
  readonly isOwnOnly: boolean;
}

/** Where a new consumer begins; the beginning of the log if both are null. */
export interface ConsumerStart {
  readonly after: Position | null;
  readonly at: Date | null;
}

export const logStart: ConsumerStart = { after: null, at: null };

export interface CheckedEnroll {
  readonly definition: ConsumerDefinition;
  readonly start: ConsumerStart;
  /** Null: as they are. */
  readonly flow: Flow | null;
  readonly terms: ClaimTerms;
  readonly waitMs: number;
}

export function checkEnroll(input: EnrollInput, { key, isOwnOnly, rows } = anyone): CheckedEnroll {
  const worker = requiredName('worker', input.worker);
  const sender = optionalName('sender', input.sender) ?? worker;
  return {
    definition: checkDefinition(input, rows),
    start: checkStart(input),
    flow: input.flow == null ? null : checkFlow(input.flow),
    terms: {
      worker,
      sender,
      senderType: optionalName('senderType', input.senderType),
      description: input.description == null ? null : checkDescription(input.description),
      project: optionalName('project', input.project),
      user: optionalName('user', input.user),
      maxRetries: checkWithin('maxRetries', input.maxRetries ?? 3, 0, limits.maxRetries),
      retryDelayMs: checkWithin('retryDelayMs', input.retryDelayMs ?? 1_000, 0, limits.retryDelayMs),
      leaseMs: input.longLeaseMs ?? checkLeaseMs(input.leaseMs ?? limits.defaultLeaseMs),
      sequential: input.sequential ?? false,
      sticky: input.sticky ?? false,
      key,
      isOwnOnly,
    },
    waitMs: checkWithin('waitMs', input.waitMs ?? 0, 0, limits.waitMs),
  };
}

function checkDefinition(input: EnrollInput, rows: RowScope | null): ConsumerDefinition {
  const where = checkCel(input.where);
  const definition = {
    topics: input.sourceTopics == null ? [] : checkTopics(input.sourceTopics),
    isQueue: input.sourceTopics == null,
    target: checkTarget(input.targetTopic),
    conditions: conditionsWith(checkConditions(input.filter, 'filter'), where),
    where,
    ignoredSenderTypes: checkSenderTypes(input.ignoreSenderTypes ?? []),
    ignoreOlderThanMs: checkAge(input.ignoreOlderThanDays ?? 0),
    rows,
  };
  const name = optionalName('consumer', input.consumer);
  const text = definitionText(definition);
  if (name === null) return { ...definition, name, id: idOf(text), consumerId: idOf(text) };
  // Keys that differ only in whether they see the audit share a name.
  const consumer = JSON.stringify([
    name,
    isRestricted(rows) ? rowsText({ ...rows, hidesAudit: false }) : null,
  ]);
  return { ...definition, name, id: idOf(`${consumer} ${text}`), consumerId: idOf(consumer) };
}

/** Has the form of a UUID without dashes. */
function idOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

function checkStart({ startAfter, startAt }: EnrollInput): ConsumerStart {
  if (startAfter != null && startAt != null) throw badInput('Give startAfter or startAt, not both.');
  return { after: startAfter == null ? null : checkPosition(startAfter, 'startAfter'), at: startAt ?? null };
}

/** The consumer definition as canonical JSON text, equal for equal definitions. */
export function definitionText(definition: Omit<ConsumerDefinition, 'id' | 'consumerId' | 'name'>): string {
  const filter = definition.conditions === null ? 'null' : conditionsText(definition.conditions);
  const { topics, target, ignoredSenderTypes, ignoreOlderThanMs } = definition;
  // Omitted if absent, so that ids of existing consumers stay the same.
  const where = definition.where ? { where: definition.where.text } : {};
  const rows = definition.rows ? { rows: rowsText(definition.rows) } : {};
  const others = JSON.stringify({ topics, target, ignoredSenderTypes, ignoreOlderThanMs, ...where, ...rows });
  return `${others.slice(0, -1)},"filter":${filter}}`;
}

/** The definition that was stored as this text, under an id of no consumer in use. */
export function definitionOf(stored: StoredDefinition): ConsumerDefinition {
  const { topics, target, ignoredSenderTypes, ignoreOlderThanMs, where, rows, filter } = stored;
  return {
    ...{ id: '', consumerId: '', name: null, topics, target, ignoredSenderTypes, ignoreOlderThanMs },
    isQueue: topics.length === 0,
    conditions: storedConditions(filter),
    where: checkCel(where),
    rows: rows === undefined ? null : storedRows(rows),
  };
}

/** Keys that see the same share positions. */
function rowsText({ projects, topics, requestIds, hidesAudit = false }: RowScope): string {
  return JSON.stringify([...[projects, topics, requestIds].map((list) => list && sorted(list)), hidesAudit]);
}

function storedRows(text: string): RowScope {
  type List = readonly string[] | null;
  const [projects, topics, requestIds, hidesAudit] = JSON.parse(text) as [List, List, List, boolean];
  return { projects, topics, requestIds, hidesAudit };
}

function checkTopics(topics: readonly string[]): string[] {
  if (topics.length === 0)
    throw badInput(
      'sourceTopics is empty; name at least one topic, or "*" for all, or omit it for a plain queue of the target topic.',
    );
  if (topics.length > limits.sourceTopics) {
    throw new ThroughlineError(
      'LIMIT_EXCEEDED',
      `sourceTopics has ${topics.length} topics; at most ${limits.sourceTopics} are allowed: use * for any run of characters.`,
    );
  }
  return sorted(topics.map((topic) => checkTopicPattern(topic, 'sourceTopics')));
}

function checkTarget(target: string): string {
  if (target.includes('*')) {
    throw badInput(
      `targetTopic ${JSON.stringify(target.slice(0, 60))} has a *; it must be a single topic, that of the jobs.`,
    );
  }
  return checkTopic(target, 'targetTopic');
}

function checkSenderTypes(types: readonly string[]): string[] {
  if (types.length > limits.sourceTopics) {
    throw new ThroughlineError(
      'LIMIT_EXCEEDED',
      `ignoreSenderTypes has ${types.length} items; at most ${limits.sourceTopics} are allowed.`,
    );
  }
  return sorted(types.map((type) => requiredName('ignoreSenderTypes', type)));
}

const dayMs = 86_400_000;

/** Null, which means no limit, for 0, as in AYON. */
function checkAge(days: number): number | null {
  if (!(days >= 0 && days <= limits.ignoreOlderThanDays)) {
    throw badInput(
      `ignoreOlderThanDays is ${days}; 0 (for no limit) to ${limits.ignoreOlderThanDays} is allowed.`,
    );
  }
  return days === 0 ? null : Math.max(1, Math.round(days * dayMs));
}

export function checkLeaseMs(leaseMs: number): number {
  return checkWithin('leaseMs', leaseMs, limits.minLeaseMs, limits.maxLeaseMs);
}

export function checkAttempt(attempt: number): number {
  return checkWithin('attempt', attempt, 1, 2 ** 31 - 1);
}

export function checkCount(count: number): number {
  return checkWithin('count', count, 1, limits.claims);
}

export function checkPrefetch(prefetch: number): number {
  return checkWithin('prefetch', prefetch, 1, limits.prefetch);
}

function requiredName(argument: string, name: string): string {
  return optionalName(argument, name) ?? name;
}

function sorted(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}
