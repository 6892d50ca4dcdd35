// Webhooks: finds the trigger of a delivery, verifies it, and builds its event.
import { createHash } from 'node:crypto';
import { ThroughlineError } from '../base/errors.ts';
import { pauseIfDue } from '../base/time-slices.ts';
import type { Database } from '../database/database.ts';
import { slackChallenge } from '../domain/triggers/challenge.ts';
import type { JsonDocument, JsonObject } from '../domain/values/json.ts';
import { type Headers, missingSignature, signatureFault } from '../domain/triggers/signature.ts';
import type { TriggerTerms } from '../domain/triggers/trigger.ts';
import type { WebhookTerms } from '../domain/triggers/webhook.ts';
import { countFilterError, readWebhook } from '../store/control/triggers.ts';
import { DeliveryRate } from './delivery-rate.ts';
import { callerOf, isOfType, optionsOf, passing, type Send } from './trigger-filter.ts';

export type Webhook = TriggerTerms & WebhookTerms;

/** A request to a webhook, read to its end. */
export interface Delivery {
  readonly method: string;
  /** By name in lower case. */
  readonly headers: Headers;
  readonly body: Buffer;
  /**
   * What its event holds: with credentials for the filter, and without them to be stored. Takes its time, and calls
   * `pause` before each long step.
   */
  readonly payload: (pause: Pause) => Promise<DeliveryPayload>;
}

/** Resolves when the next step may begin. */
export type Pause = () => Promise<void> | undefined;

export interface DeliveryPayload {
  readonly whole: JsonObject;
  readonly stored: JsonDocument;
}

/** What is answered. */
export interface Accepted {
  /** Of the event, which is in the database; null where the delivery does not pass, or is none. */
  readonly eventId: string | null;
  /** The text that a handshake wants back. */
  readonly challenge: string | null;
}

export class Webhooks {
  readonly #database: Database;
  readonly #send: Send;
  readonly #rate: DeliveryRate;

  constructor(database: Database, send: Send, rate = new DeliveryRate()) {
    this.#database = database;
    this.#send = send;
    this.#rate = rate;
  }

  /** Null where there is none, or it is disabled. */
  async find(slug: string): Promise<Webhook | null> {
    return /^[0-9a-f]{32}$/.test(slug) ? readWebhook(this.#database, slug) : null;
  }

  /**
   * What can be refused before the body is read: UNAUTHENTICATED, RATE_LIMITED. Where deliveries are signed only genuine
   * ones count, so that nobody else can use up the rate.
   */
  checkHeaders(webhook: Webhook, headers: Headers): void {
    const missing = missingSignature(webhook, headers);
    if (missing !== null) throw new ThroughlineError('UNAUTHENTICATED', missing);
    if (webhook.signature === 'NONE') this.#rate.check(webhook.id);
  }

  /** Throws UNAUTHENTICATED where the signature is missing or wrong, RATE_LIMITED where deliveries come too fast. */
  async accept(webhook: Webhook, delivery: Delivery): Promise<Accepted> {
    const fault = await signatureFault(webhook, delivery.headers, delivery.body);
    if (fault !== null) throw new ThroughlineError('UNAUTHENTICATED', fault);
    this.#rate.take(webhook.id, delivery.body.length);
    const eventType = delivery.method.toLowerCase();
    if (webhook.challenge !== 'SLACK' && !isOfType(webhook, eventType)) return nothing;
    const pause = () => pauseIfDue(webhook.name);
    const { whole, stored } = await delivery.payload(pause);
    const challenge = slackChallenge(webhook, whole);
    if (challenge !== null) return { eventId: null, challenge };
    await pause();
    const hash = hashOf(webhook, delivery.headers);
    const { input, filterError } = await passing(webhook, { eventType, payload: whole, stored, hash });
    if (filterError !== null) await countFilterError(this.#database, webhook.id, filterError);
    if (input === null) return nothing;
    const { event } = await this.#send(callerOf(webhook), input, optionsOf(webhook));
    return { eventId: event.id, challenge: null };
  }
}

const nothing: Accepted = { eventId: null, challenge: null };

/** Long values are shortened to what tells them apart, since a hash has a limit. */
function hashOf({ id, dedupeHeader }: Webhook, headers: Headers): string | null {
  const value = dedupeHeader === null ? undefined : valueOf(dedupeHeader, headers);
  if (!value) return null;
  const key = value.length <= 300 ? value : `sha256:${createHash('sha256').update(value).digest('hex')}`;
  return `webhook/${id}/${key}`;
}

/** Svix has a name of its own for the id of Standard Webhooks. */
function valueOf(name: string, headers: Headers): string | undefined {
  return headers.get(name) ?? (name === 'webhook-id' ? headers.get('svix-id') : undefined);
}
