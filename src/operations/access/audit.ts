// The audit: changes by administrators and refusals, recorded as events of the reserved topics throughline.audit.*.
import { LRUCache } from 'lru-cache';
import { asError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { Logger } from '../../base/logger.ts';
import { TokenBucket } from '../../base/token-bucket.ts';
import { auditPrefix } from '../../domain/events/reserved-topics.ts';
import type { JsonValue } from '../../domain/values/json.ts';
import { type Caller, internalCaller } from '../callers.ts';
import type { Operations } from '../operations.ts';

/** Who did it. The name is null where the key was not known. */
export type Who = Pick<Caller, 'keyId' | 'requestId' | 'address'> & { readonly name: string | null };

export interface AuditEntry {
  /** The last part of the topic: the operation, or `refused`. */
  readonly what: string;
  /** What was changed: an id or a name. */
  readonly target?: string | null | undefined;
  /** Must not contain secrets. */
  readonly values: Readonly<Record<string, unknown>>;
}

export interface Refusal {
  /** Null: the whole request was refused. */
  readonly operation: string | null;
  readonly code: string;
  readonly message: string;
  /** The scope that was missing. */
  readonly scope?: unknown;
}

export class Audit {
  /** With which the state before a change is read. */
  readonly operations: Operations;
  readonly #logger: Logger;
  readonly #refusals = new RefusalBounds();

  constructor(operations: Operations, logger: Logger) {
    this.operations = operations;
    this.#logger = logger;
  }

  /** Resolves when the entry is committed. If that fails, it is logged instead, since the change has already happened. */
  async record(who: Who, { what, target = null, values }: AuditEntry): Promise<void> {
    const { name, keyId, requestId, address = null } = who;
    const summary = { operation: what, target, key: { id: keyId, name }, address, requestId };
    try {
      const payload = Object.fromEntries(Object.entries(values).map(([key, value]) => [key, bounded(value)]));
      await this.operations.sendEvent(
        { ...internalCaller(name ?? 'unknown'), requestId },
        { topic: `${auditPrefix}${what}`, user: name, summary, payload },
        { isOwn: true },
      );
    } catch (error) {
      this.#logger.error({ err: asError(error), ...summary }, 'an entry of the audit could not be written');
    }
  }

  /** Records at most `auditedRefusals` a minute for one key or address, and counts the others. */
  async refused(who: Who, { operation, code, message, scope }: Refusal): Promise<void> {
    const unrecorded = this.#refusals.admit(subjectOf(who), Date.now());
    if (unrecorded === null) return;
    const values = { refused: operation, code, message, ...(scope !== undefined && { scope }), unrecorded };
    await this.record(who, { what: 'refused', target: operation, values });
  }
}

/** Keys differ by id or name, requests without a known key by address. */
function subjectOf({ keyId, name, address }: Who): string {
  if (keyId !== null) return `key ${keyId}`;
  return name === null ? `address ${address ?? ''}` : `name ${name}`;
}

interface Bound {
  readonly bucket: TokenBucket;
  unrecorded: number;
}

class RefusalBounds {
  readonly #bounds = new LRUCache<string, Bound>({ max: limits.unknownKeys });
  readonly #all = minuteBucket(limits.auditedRefusalsInAll, 0);

  /** The number of refusals that were not recorded before; null if this one is not to be recorded. */
  admit(subject: string, now: number): number | null {
    const bound = this.#bounds.get(subject) ?? {
      bucket: minuteBucket(limits.auditedRefusals, now),
      unrecorded: 0,
    };
    this.#bounds.set(subject, bound);
    if (bound.bucket.left(now) < 1 || this.#all.left(now) < 1) {
      bound.unrecorded += 1;
      return null;
    }
    bound.bucket.take(1, now);
    this.#all.take(1, now);
    const { unrecorded } = bound;
    bound.unrecorded = 0;
    return unrecorded;
  }
}

function minuteBucket(most: number, now: number): TokenBucket {
  return new TokenBucket(most / 60, most, now);
}

/** As JSON; a long value is left out, and its size given. */
function bounded(value: unknown): JsonValue {
  const text = JSON.stringify(value ?? null, (_key, inner: unknown) =>
    typeof inner === 'bigint' ? String(inner) : inner,
  );
  const bytes = Buffer.byteLength(text);
  return bytes > limits.auditedValueBytes ? { omittedBytes: bytes } : (JSON.parse(text) as JsonValue);
}
