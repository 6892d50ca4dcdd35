// The operations that the audit records as changes, with the recorded values. None of these is a secret.
import type { RetentionRule } from '../../domain/retention/retention.ts';
import type { Consumer } from '../../domain/jobs/consumer.ts';
import { internalCaller } from '../callers.ts';
import type { BulkOutcome, Operations } from '../operations.ts';
import type { AuditEntry } from './audit.ts';

type Recorded = Omit<AuditEntry, 'what'>;

export interface AuditedChange<Name extends keyof Operations> {
  /** Reads what is about to be changed. */
  readonly before?: (operations: Operations, ...args: Parameters<Operations[Name]>) => Promise<unknown>;
  /** `before` is null where nothing was read. Null: nothing was changed. */
  readonly entry: (
    answer: Awaited<ReturnType<Operations[Name]>>,
    before: unknown,
    ...args: Parameters<Operations[Name]>
  ) => Recorded | null;
  /** Of an operation that may have changed something when it fails. */
  readonly failed?: (...args: Parameters<Operations[Name]>) => Recorded | null;
}

type BulkName = 'restartEvents' | 'abortEvents' | 'deleteEvents';

const reader = internalCaller('audit');

const bulk: AuditedChange<BulkName> = {
  entry: ({ count }: BulkOutcome, _before, _caller, filter, dryRun) =>
    dryRun ? null : { values: { filter, count } },
  failed: (_caller, filter, dryRun) => (dryRun ? null : { values: { filter } }),
};

/** Of each change of a consumer that stays. */
const steering = {
  before: (operations: Operations, id: string) => operations.consumer(id).then(shownConsumer),
  entry: (after: Consumer, before: unknown) => ({
    target: after.id,
    values: { before, after: shownConsumer(after) },
  }),
};

export const auditedChanges: { readonly [Name in keyof Operations]?: AuditedChange<Name> } = {
  restartEvents: bulk,
  abortEvents: bulk,
  deleteEvents: bulk,
  createKey: {
    entry: ({ key }) => ({ target: key.id, values: { before: null, after: key } }),
  },
  rotateKey: {
    before: (operations, _caller, id) => operations.key(reader, id),
    entry: ({ key }, before, _caller, _id, graceSeconds) => ({
      target: key.id,
      values: { before, after: key, graceSeconds },
    }),
  },
  revokeKey: {
    before: (operations, _caller, id) => operations.key(reader, id),
    entry: (after, before) => ({ target: after.id, values: { before, after } }),
  },
  createAccessToken: {
    entry: ({ expiresAt }, _before, _caller, { name, scopes, projects, topics, requestIds }) => ({
      target: name,
      values: { before: null, after: { name, scopes, projects, topics, requestIds, expiresAt } },
    }),
  },
  createTrigger: {
    entry: (after) => ({ target: after.id, values: { before: null, after } }),
  },
  deleteTrigger: {
    before: (operations, id) => operations.trigger(id),
    entry: (target, before) => ({ target, values: { before, after: null } }),
  },
  updateTrigger: {
    before: (operations, { id }) => operations.trigger(id),
    entry: (after, before) => ({ target: after.id, values: { before, after } }),
  },
  setTriggerSecrets: {
    before: (operations, id) => operations.trigger(id),
    entry: (after, before, _id, secrets) => ({
      target: after.id,
      values: { before, after, secrets: secrets.length },
    }),
  },
  declareTopic: {
    before: (operations, _caller, { name }) => declarationOf(operations, name),
    entry: (_answer, before, _caller, { name, title, description, summarySchema, payloadSchema }) => ({
      target: name,
      values: {
        before,
        after: {
          ...{ name, title, description },
          ...schemaTexts({ summarySchema, payloadSchema }),
        },
      },
    }),
  },
  setHandlerEnabled: {
    before: async (operations, fullName) => {
      const handler = operations.handlers().find((listed) => listed.fullName === fullName);
      return handler?.works ? { enabled: handler.enabled } : null;
    },
    entry: ({ fullName }, before, _fullName, enabled) => ({
      target: fullName,
      values: { before, after: { enabled } },
    }),
  },
  pauseConsumer: steering,
  resumeConsumer: steering,
  moveConsumer: steering,
  setConsumerFlow: steering,
  deleteConsumer: {
    before: (operations, id) => operations.consumer(id).then(shownConsumer),
    entry: (target, before) => ({ target, values: { before, after: null } }),
  },
  discardOutbox: {
    entry: (count, _before, ids) => ({ values: { ids: ids.slice(0, 100), count } }),
  },
  setRetention: {
    before: async (operations) => (await operations.retention()).map(shownRule),
    entry: (after, before) => ({ values: { before, after: after.map(shownRule) } }),
  },
  purge: {
    entry: ({ count }, _before, dryRun) => (dryRun ? null : { values: { count } }),
    failed: (dryRun) => (dryRun ? null : { values: {} }),
  },
  subscribe: {
    entry: (after) => ({ target: after.id, values: { before: null, after } }),
  },
  moveSubscription: {
    before: (operations, id) => operations.subscription(id),
    entry: (after, before) => ({ target: after.id, values: { before, after } }),
  },
  unsubscribe: {
    before: (operations, id) => operations.subscription(id),
    entry: (target, before) => ({ target, values: { before, after: null } }),
  },
};

function shownRule({ topics, projects, statuses, keepDays }: RetentionRule) {
  return { topics, projects, statuses, keepDays };
}

function shownConsumer(consumer: Consumer | null) {
  if (consumer === null) return null;
  const { name, targetTopic, sourceTopics, where, position, paused, flow } = consumer;
  return { name, targetTopic, sourceTopics, where, position: String(position), paused, flow };
}

async function declarationOf(operations: Operations, name: string): Promise<unknown> {
  const [topics, schemas] = await Promise.all([operations.topics(name), operations.schemasOf([name])]);
  const declared = topics.find((topic) => topic.name === name && topic.declared);
  if (declared === undefined) return null;
  const { title, description } = declared;
  return { name, title, description, ...schemaTexts(schemas.get(name) ?? {}) };
}

/** As text, which may nest as deep as events' JSON may, and is in an event then. */
function schemaTexts({ summarySchema, payloadSchema }: Record<string, unknown>) {
  const text = (schema: unknown) => (schema == null ? null : JSON.stringify(schema));
  return { summarySchema: text(summarySchema), payloadSchema: text(payloadSchema) };
}
