// The control plane with one caller's rights: consumers, triggers, topics, the outbox, figures, handlers and keys.
import { hasScope, type Scope } from '../../domain/access/scopes.ts';
import { isRestricted, type RowScope } from '../../domain/access/row-scope.ts';
import type { Caller } from '../callers.ts';
import { isCountedFilter } from '../figures/event-rate.ts';
import type { Operations } from '../operations.ts';
import { refuseRestricted, requireScope, rowsOf } from './access.ts';

export type Call<Name extends keyof Operations> = Parameters<Operations[Name]>;
export type Answer<Name extends keyof Operations> = ReturnType<Operations[Name]>;

/** What a caller's getters give is made where it is asked for: copying them would begin to watch for its leaving. */
function withRows(caller: Caller, rows: RowScope | null): Caller {
  const { name, keyId, scopes, expiresAt, address } = caller;
  return {
    ...{ name, keyId, scopes, rows, expiresAt, address },
    get requestId() {
      return caller.requestId;
    },
    get signal() {
      return caller.signal;
    },
  };
}

export abstract class GuardedControlPlane {
  protected readonly operations: Operations;
  /** With all of its rows. */
  protected readonly caller: Caller;
  protected readonly rows: RowScope | null;

  constructor(operations: Operations, caller: Caller) {
    this.operations = operations;
    this.rows = rowsOf(caller);
    this.caller = this.rows === caller.rows ? caller : withRows(caller, this.rows);
  }

  protected need(scope: Scope): Operations {
    requireScope(this.caller, scope);
    return this.operations;
  }

  async consumers(listing: Call<'consumers'>[0]): Answer<'consumers'> {
    return this.need('consumers').consumers(listing, this.caller);
  }

  async consumer(id: string): Answer<'consumer'> {
    return this.need('consumers').consumer(id, this.caller);
  }

  async backlogsOf(consumers: Call<'backlogsOf'>[0]): Answer<'backlogsOf'> {
    return this.need('consumers').backlogsOf(consumers, this.caller);
  }

  async workersOf(consumers: Call<'workersOf'>[0]): Answer<'workersOf'> {
    return this.need('consumers').workersOf(consumers);
  }

  async handlerBacklogsOf(fullNames: readonly string[]): Answer<'handlerBacklogsOf'> {
    return this.need('handlers').handlerBacklogsOf(fullNames);
  }

  async pauseConsumer(id: string): Answer<'pauseConsumer'> {
    return this.need('consumers').pauseConsumer(id, this.caller);
  }

  async resumeConsumer(id: string): Answer<'resumeConsumer'> {
    return this.need('consumers').resumeConsumer(id, this.caller);
  }

  async moveConsumer(id: string, after: string): Answer<'moveConsumer'> {
    return this.need('consumers').moveConsumer(id, after, this.caller);
  }

  async setConsumerFlow(id: string, flow: Call<'setConsumerFlow'>[1]): Answer<'setConsumerFlow'> {
    return this.need('consumers').setConsumerFlow(id, flow, this.caller);
  }

  async deleteConsumer(id: string): Answer<'deleteConsumer'> {
    return this.need('consumers').deleteConsumer(id, this.caller);
  }

  async createTrigger(input: Call<'createTrigger'>[0]): Answer<'createTrigger'> {
    return this.need('triggers').createTrigger(input, this.caller);
  }

  async updateTrigger(input: Call<'updateTrigger'>[0]): Answer<'updateTrigger'> {
    return this.need('triggers').updateTrigger(input, this.caller);
  }

  async deleteTrigger(id: string): Answer<'deleteTrigger'> {
    return this.need('triggers').deleteTrigger(id, this.caller);
  }

  async setTriggerSecrets(id: string, secrets: readonly string[]): Answer<'setTriggerSecrets'> {
    return this.need('triggers').setTriggerSecrets(id, secrets, this.caller);
  }

  async triggers(): Answer<'triggers'> {
    return this.need('triggers').triggers(this.caller);
  }

  async trigger(id: string): Answer<'trigger'> {
    return this.need('triggers').trigger(id, this.caller);
  }

  async declareTopic(_caller: Caller, input: Call<'declareTopic'>[1]): Answer<'declareTopic'> {
    return this.need('topics').declareTopic(this.caller, input);
  }

  async declareAll(...[declarations, source]: Call<'declareAll'>): Answer<'declareAll'> {
    return this.need('topics').declareAll(declarations, source);
  }

  async topics(prefix: string): Answer<'topics'> {
    return this.need('events:read').topics(prefix, this.rows);
  }

  /** Of topics that were listed or declared. */
  async schemasOf(names: readonly string[]): Answer<'schemasOf'> {
    return this.#topic().schemasOf(names);
  }

  async countTopics(names: readonly string[]): Answer<'countTopics'> {
    return this.need('events:read').countTopics(names, this.rows);
  }

  async lastEventsAt(names: readonly string[]): Answer<'lastEventsAt'> {
    return this.need('events:read').lastEventsAt(names, this.rows);
  }

  #topic(): Operations {
    return hasScope(this.caller.scopes, 'topics') ? this.operations : this.need('events:read');
  }

  async outbox(): Answer<'outbox'> {
    return this.#wholeOutbox().outbox();
  }

  async outboxFailures(): Answer<'outboxFailures'> {
    return this.#wholeOutbox().outboxFailures();
  }

  async discardOutbox(ids: readonly string[]): Answer<'discardOutbox'> {
    return this.#wholeOutbox().discardOutbox(ids);
  }

  /** What is in the outbox has not been assigned to rows yet. */
  #wholeOutbox(): Operations {
    const operations = this.need('admin');
    refuseRestricted(this.caller, 'the outbox');
    return operations;
  }

  async system(): Answer<'system'> {
    return this.need('metrics:read').system();
  }

  /** Figures of rows are for those who may read figures, or the rows themselves; more of a filter than that is for these. */
  async eventRate(query: Call<'eventRate'>[0]): Answer<'eventRate'> {
    const isReader = hasScope(this.caller.scopes, 'events:read');
    const operations = isReader ? this.operations : this.need('metrics:read');
    if (!isCountedFilter(query.filter)) this.need('events:read');
    return operations.eventRate(query, this.caller);
  }

  async failures(...[from, first]: Call<'failures'>): Answer<'failures'> {
    return this.need('events:read').failures(from, first, this.caller);
  }

  async retention(): Answer<'retention'> {
    const operations = this.need('metrics:read');
    refuseRestricted(this.caller, 'retention');
    return operations.retention();
  }

  async retentionRule(id: string): Answer<'retentionRule'> {
    const operations = this.need('metrics:read');
    return isRestricted(this.rows) ? null : operations.retentionRule(id);
  }

  async setRetention(rules: Call<'setRetention'>[0]): Answer<'setRetention'> {
    return this.#retention().setRetention(rules);
  }

  async purge(dryRun: boolean): Answer<'purge'> {
    return this.#retention().purge(dryRun);
  }

  /** What is purged is gone for all. */
  #retention(): Operations {
    const operations = this.need('admin');
    refuseRestricted(this.caller, 'retention');
    return operations;
  }

  handlers(): Answer<'handlers'> {
    return this.need('handlers').handlers(this.rows);
  }

  async setHandlerEnabled(fullName: string, enabled: boolean): Answer<'setHandlerEnabled'> {
    return this.need('handlers').setHandlerEnabled(fullName, enabled, this.caller);
  }

  async lastRunsAt(fullNames: readonly string[]): Answer<'lastRunsAt'> {
    return this.need('handlers').lastRunsAt(fullNames, this.rows);
  }

  async createKey(_caller: Caller, input: Call<'createKey'>[1]): Answer<'createKey'> {
    return this.need('keys').createKey(this.caller, input);
  }

  async createAccessToken(...[, input]: Call<'createAccessToken'>): Answer<'createAccessToken'> {
    return this.need('keys').createAccessToken(this.caller, input);
  }

  async rotateKey(...[, id, graceSeconds]: Call<'rotateKey'>): Answer<'rotateKey'> {
    return this.need('keys').rotateKey(this.caller, id, graceSeconds);
  }

  async revokeKey(_caller: Caller, id: string): Answer<'revokeKey'> {
    return this.need('keys').revokeKey(this.caller, id);
  }

  async keys(_caller: Caller, listing: Call<'keys'>[1]): Answer<'keys'> {
    return this.need('keys').keys(this.caller, listing);
  }

  async key(_caller: Caller, id: string): Answer<'key'> {
    return this.need('keys').key(this.caller, id);
  }
}
