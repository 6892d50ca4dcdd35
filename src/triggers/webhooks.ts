// Webhooks: which trigger a delivery is for, whether it is genuine, and the event that it becomes.
import { createHash } from 'node:crypto';
import { ThroughlineError } from '../base/errors.ts';
import type { Database } from '../database/database.ts';
import type { JsonObject } from '../domain/json.ts';
import { type Headers, signatureFault } from '../domain/signature.ts';
import type { TriggerTerms, WebhookTerms } from '../domain/trigger.ts';
import { countFilterError, readWebhook } from '../store/triggers.ts';
import { callerOf, optionsOf, passing, type Send } from './passing.ts';

export type Webhook = TriggerTerms & WebhookTerms;

/** A request to a webhook, read to its end. */
export interface Delivery {
  readonly method: string;
  /** By name in lower case. */
  readonly headers: Headers;
  readonly body: Buffer;
  /** What its event would hold. */
  readonly payload: () => JsonObject;
}

export class Webhooks {
  readonly #database: Database;
  readonly #send: Send;

  constructor(database: Database, send: Send) {
    this.#database = database;
    this.#send = send;
  }

  /** Null where there is none, or it is disabled. */
  async find(slug: string): Promise<Webhook | null> {
    return /^[0-9a-f]{32}$/.test(slug) ? readWebhook(this.#database, slug) : null;
  }

  /**
   * The id of the event, which is in the database then; null where the delivery does not pass. Throws UNAUTHENTICATED
   * where its signature is missing or wrong.
   */
  async accept(webhook: Webhook, delivery: Delivery): Promise<string | null> {
    const { signature, secrets } = webhook;
    const fault = await signatureFault(signature, secrets, delivery.headers, delivery.body);
    if (fault !== null) throw new ThroughlineError('UNAUTHENTICATED', fault);
    const { input, filterError } = passing(webhook, {
      eventType: delivery.method.toLowerCase(),
      payload: delivery.payload(),
      hash: hashOf(webhook, delivery.headers),
    });
    if (filterError !== null) await countFilterError(this.#database, webhook.id, filterError);
    if (input === null) return null;
    return (await this.#send(callerOf(webhook), input, optionsOf(webhook))).event.id;
  }
}

/** Long values are shortened to what tells them apart, since a hash has a limit. */
function hashOf({ id, dedupeHeader }: Webhook, headers: Headers): string | null {
  const value = dedupeHeader === null ? undefined : headers.get(dedupeHeader);
  if (!value) return null;
  const key = value.length <= 300 ? value : `sha256:${createHash('sha256').update(value).digest('hex')}`;
  return `webhook/${id}/${key}`;
}
