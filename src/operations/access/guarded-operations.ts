// The operations with one caller's rights: each checks its scope first, and is given the caller's rows.
import { hasScope } from '../../domain/access/scopes.ts';
import { isTopicWithin } from '../../domain/access/row-scope.ts';
import type { EventField, PartialEvent } from '../../domain/events/event.ts';
import type { Caller } from '../callers.ts';
import type { Enrollment, Operations } from '../operations.ts';
import { forbidden } from './access.ts';
import { type Answer, type Call, GuardedControlPlane } from './guarded-control-plane.ts';

/**
 * A new operation is classified here before it compiles. The caller is the one given here, whatever a method is called
 * with. It lasts for one request: what that was given by writes, claims and deliveries it may read again without
 * `events:read`.
 */
export function guard(operations: Operations, caller: Caller): Operations {
  return new GuardedOperations(operations, caller);
}

type Fields = readonly EventField[];

class GuardedOperations extends GuardedControlPlane implements Operations {
  /** Events that this request was given. */
  #given: Set<string> | undefined;

  #give(...events: readonly (PartialEvent | null)[]): void {
    if (hasScope(this.caller.scopes, 'events:read')) return;
    this.#given ??= new Set();
    for (const event of events) if (event !== null) this.#given.add(event.id);
  }

  /** All events for callers that may read events, else only those that the request has received. */
  #read(ids: readonly string[]): Operations {
    const given = this.#given;
    if (given !== undefined && ids.every((id) => given.has(id))) return this.operations;
    return this.need('events:read');
  }

  async sendEvent(...[, input, options]: Call<'sendEvent'>): Answer<'sendEvent'> {
    const outcome = await this.need('events:send').sendEvent(this.caller, input, options);
    if (!outcome.duplicate) this.#give(outcome.event);
    if (this.rows === null) return outcome;
    // A run has its handler's full name as topic.
    const executions = outcome.executions.filter(({ handler }) => isTopicWithin(this.rows, handler));
    for (const { event } of executions) this.#give(event);
    return { ...outcome, executions };
  }

  async sendEvents(_caller: Caller, input: Call<'sendEvents'>[1]): Answer<'sendEvents'> {
    const outcome = await this.need('events:send').sendEvents(this.caller, input);
    const known = new Set(outcome.duplicates);
    this.#give(...outcome.events.filter((_, n) => !known.has(n)));
    return outcome;
  }

  async updateEvent(...[, input, options]: Call<'updateEvent'>): Answer<'updateEvent'> {
    const event = await this.#update().updateEvent(this.caller, input, options);
    this.#give(event);
    return event;
  }

  async updateEvents(_caller: Caller, input: Call<'updateEvents'>[1]): Answer<'updateEvents'> {
    const outcome = await this.#update().updateEvents(this.caller, input);
    this.#give(...outcome.events);
    return outcome;
  }

  /** A worker's updates are checked one by one: each needs an attempt that its key was given. */
  #update(): Operations {
    if (hasScope(this.caller.scopes, 'jobs:work')) return this.operations;
    if (hasScope(this.caller.scopes, 'events:update')) return this.operations;
    throw forbidden(this.caller, 'events:update', ' (or jobs:work, with an attempt)');
  }

  async deleteEvent(_caller: Caller, id: string): Answer<'deleteEvent'> {
    return this.need('events:delete').deleteEvent(this.caller, id);
  }

  async restartEvents(...[, filter, dryRun]: Call<'restartEvents'>): Answer<'restartEvents'> {
    return this.need('events:update').restartEvents(this.caller, filter, dryRun);
  }

  async abortEvents(...[, filter, dryRun]: Call<'abortEvents'>): Answer<'abortEvents'> {
    return this.need('events:update').abortEvents(this.caller, filter, dryRun);
  }

  async deleteEvents(...[, filter, dryRun]: Call<'deleteEvents'>): Answer<'deleteEvents'> {
    return this.need('events:delete').deleteEvents(this.caller, filter, dryRun);
  }

  async enroll(...[, input, count, room]: Call<'enroll'>): Answer<'enroll'> {
    const enrollments = await this.need('jobs:work').enroll(this.caller, input, count, room);
    for (const { event, source } of enrollments) this.#give(event, source);
    return enrollments;
  }

  async pushJobs(_caller: Caller, request: Call<'pushJobs'>[1]): Answer<'pushJobs'> {
    const batches = await this.need('jobs:work').pushJobs(this.caller, request);
    const given = this.#giving(batches, (jobs) => jobs.flatMap(({ event, source }) => [event, source]));
    const unanswered = (job: Enrollment) => batches.unanswered(job);
    return given === batches ? batches : Object.assign(given, { unanswered });
  }

  async extendLease(...[eventId, attempt, leaseMs]: Call<'extendLease'>): Answer<'extendLease'> {
    return this.need('jobs:work').extendLease(eventId, attempt, leaseMs, this.caller);
  }

  async releaseJob(...[, eventId, attempt]: Call<'releaseJob'>): Answer<'releaseJob'> {
    const event = await this.need('jobs:work').releaseJob(this.caller, eventId, attempt);
    this.#give(event);
    return event;
  }

  async eventsByIds(ids: readonly string[], fields: Fields): Answer<'eventsByIds'> {
    return this.#read(ids).eventsByIds(ids, fields, this.rows);
  }

  async eventByHash(hash: string, fields: Fields): Answer<'eventByHash'> {
    return this.need('events:read').eventByHash(hash, fields, this.rows);
  }

  async listEvents(...[filter, order, page, fields]: Call<'listEvents'>): Answer<'listEvents'> {
    return this.need('events:read').listEvents(filter, order, page, fields, this.caller);
  }

  async countEvents(filter: Call<'countEvents'>[0]): Answer<'countEvents'> {
    return this.need('events:read').countEvents(filter, this.caller);
  }

  async eventLog(query: Call<'eventLog'>[0], fields: Fields): Answer<'eventLog'> {
    return this.need('events:read').eventLog(query, fields, this.caller);
  }

  async countEventLog(query: Call<'countEventLog'>[0]): Answer<'countEventLog'> {
    return this.need('events:read').countEventLog(query, this.rows);
  }

  async eventsOfRequest(requestId: string, fields: Fields): Answer<'eventsOfRequest'> {
    return this.need('events:read').eventsOfRequest(requestId, fields, this.caller);
  }

  async eventsBelowNode(requestId: string, nodeId: string, fields: Fields): Answer<'eventsBelowNode'> {
    return this.need('events:read').eventsBelowNode(requestId, nodeId, fields, this.caller);
  }

  async eventChain(requestId: string, fields: Fields): Answer<'eventChain'> {
    return this.need('events:read').eventChain(requestId, fields, this.caller);
  }

  async dependentsOf(...[parentIds, page, fields]: Call<'dependentsOf'>): Answer<'dependentsOf'> {
    return this.need('events:read').dependentsOf(parentIds, page, fields, this.caller);
  }

  async countDependents(parentIds: readonly string[]): Answer<'countDependents'> {
    return this.need('events:read').countDependents(parentIds, this.rows);
  }

  async historiesOf(ids: readonly string[]): Answer<'historiesOf'> {
    return this.need('events:read').historiesOf(ids, this.rows);
  }

  async leasesOf(ids: readonly string[]): Answer<'leasesOf'> {
    return this.#read(ids).leasesOf(ids, this.rows);
  }

  async sendTimesOf(ids: readonly string[]): Answer<'sendTimesOf'> {
    return this.#read(ids).sendTimesOf(ids, this.rows);
  }

  async position(): Answer<'position'> {
    return this.need('events:read').position();
  }

  progressOf(id: string): Answer<'progressOf'> {
    return this.#read([id]).progressOf(id, this.rows);
  }

  verifyFilter(expression: string): Answer<'verifyFilter'> {
    return this.need('events:read').verifyFilter(expression);
  }

  async subscribe(_caller: Caller, input: Call<'subscribe'>[1]): Answer<'subscribe'> {
    return this.need('subscriptions').subscribe(this.caller, input);
  }

  async nextEvent(...[, ids, timeoutMs]: Call<'nextEvent'>): Answer<'nextEvent'> {
    const next = await this.need('subscriptions').nextEvent(this.caller, ids, timeoutMs);
    if (next !== null) this.#give(next.event);
    return next;
  }

  async subscriptionEvents(ids: readonly string[]): Answer<'subscriptionEvents'> {
    const events = await this.need('subscriptions').subscriptionEvents(ids, this.caller);
    return this.#giving(events, ({ event }) => [event]);
  }

  /** The same stream, of which each step gives what it has. */
  #giving<Step>(
    steps: AsyncIterableIterator<Step>,
    eventsOf: (step: Step) => readonly (PartialEvent | null)[],
  ): AsyncIterableIterator<Step> {
    if (hasScope(this.caller.scopes, 'events:read')) return steps;
    const given: AsyncIterableIterator<Step> = {
      next: async () => {
        const step = await steps.next();
        // What came before was answered: a stream would remember events without end.
        this.#given = undefined;
        if (!step.done) this.#give(...eventsOf(step.value));
        return step;
      },
      return: () => steps.return?.() ?? Promise.resolve({ value: undefined, done: true }),
      [Symbol.asyncIterator]: () => given,
    };
    return given;
  }

  async acknowledge(id: string, position: string): Answer<'acknowledge'> {
    return this.need('subscriptions').acknowledge(id, position, this.caller);
  }

  async moveSubscription(id: string, after: string): Answer<'moveSubscription'> {
    return this.need('subscriptions').moveSubscription(id, after, this.caller);
  }

  async unsubscribe(id: string): Answer<'unsubscribe'> {
    return this.need('subscriptions').unsubscribe(id, this.caller);
  }

  async subscription(id: string): Answer<'subscription'> {
    return this.need('subscriptions').subscription(id, this.caller);
  }

  async subscriptions(page: Call<'subscriptions'>[0]): Answer<'subscriptions'> {
    return this.need('subscriptions').subscriptions(page, this.caller);
  }

  async countSubscribers(eventId: string): Answer<'countSubscribers'> {
    return this.#read([eventId]).countSubscribers(eventId, this.rows);
  }

  async lagsOf(subscriptions: Call<'lagsOf'>[0]): Answer<'lagsOf'> {
    return this.need('subscriptions').lagsOf(subscriptions);
  }
}
