// One run of the demo: its name, and its writes to the gateway.
import { randomBytes } from 'node:crypto';
import { Batches } from './batches.ts';
import type { Client } from 'throughline-client';
import type { Connections } from './connections.ts';
import { type Acknowledged, acknowledgedFields, Ledger } from './ledger.ts';

/** The fields of `SendEventInput` that the demo uses. */
export interface Sending {
  readonly topic: string;
  readonly sender: string;
  readonly requestId?: string;
  readonly nodeId?: string;
  readonly dependsOn?: string;
  readonly hash?: string;
  readonly finished?: boolean;
  readonly description?: string;
  readonly payload?: object;
}

/** The fields of `UpdateEventInput` that the demo uses. */
export interface Changing {
  readonly id: string;
  readonly status?: string;
  readonly progress?: number;
  readonly description?: string;
  readonly result?: unknown;
  readonly error?: { readonly message: string; readonly code: string };
}

interface Many {
  readonly events: readonly (Acknowledged | null)[];
  readonly errors: readonly { readonly index: number; readonly code: string; readonly message: string }[];
}

export class Run {
  readonly gateway: Client;
  readonly connections: Connections;
  readonly ledger = new Ledger();
  /**
   * All events of a run carry its name as their project, by which it is watched and counted, whatever else the gateway
   * holds. It is another one each time: a second demo against the same gateway adds a run, and finds nothing in its way.
   */
  readonly project = `demo-${randomBytes(3).toString('hex')}`;
  readonly #sendings = new Batches((sendings: Sending[]) => this.#sendAll(sendings));
  readonly #changings = new Batches((changings: Changing[]) => this.#changeAll(changings));

  constructor(connections: Connections) {
    this.connections = connections;
    this.gateway = connections.gateway;
  }

  /** Sends one event in a mutation of its own, which alone tells whether its hash was known. */
  async sendOnce(sending: Sending): Promise<Acknowledged> {
    type Sent = { sendEvent: { duplicate: boolean; event: Acknowledged } };
    const { sendEvent } = await this.gateway.mutate<Sent, object>(
      `mutation Send($input: SendEventInput!) {
        sendEvent(input: $input) { duplicate event { ${acknowledgedFields} } }
      }`,
      { input: { ...sending, project: this.project } },
    );
    if (sendEvent.duplicate) this.ledger.duplicates += 1;
    return this.ledger.sent(sending.topic, sendEvent.event);
  }

  /** Sends an event, together with others that are sent at the same time. */
  send(sending: Sending): Promise<Acknowledged> {
    return this.#sendings.write(sending);
  }

  /** Changes an event or reports its progress, together with others that are changed at the same time. */
  change(changing: Changing): Promise<Acknowledged> {
    return this.#changings.write(changing);
  }

  async #sendAll(sendings: readonly Sending[]): Promise<Acknowledged[]> {
    const { sendEvents } = await this.gateway.mutate<{ sendEvents: Many }, object>(
      `mutation SendAll($input: [SendEventInput!]!) {
        sendEvents(input: $input) { events { ${acknowledgedFields} } errors { index code message } }
      }`,
      { input: sendings.map((sending) => ({ ...sending, project: this.project })) },
    );
    return allOf(sendEvents).map((event, index) => this.ledger.sent(sendings[index]!.topic, event));
  }

  async #changeAll(changings: readonly Changing[]): Promise<Acknowledged[]> {
    const { updateEvents } = await this.gateway.mutate<{ updateEvents: Many }, object>(
      `mutation ChangeAll($input: [UpdateEventInput!]!) {
        updateEvents(input: $input) { events { ${acknowledgedFields} } errors { index code message } }
      }`,
      { input: changings },
    );
    this.ledger.progressReports += changings.filter(({ progress }) => progress !== undefined).length;
    return allOf(updateEvents).map((event) => this.ledger.changed(event));
  }
}

/** In a list each item succeeds or fails on its own; the demo expects all to succeed. */
function allOf({ events, errors }: Many): Acknowledged[] {
  const [error] = errors;
  if (error)
    throw new Error(`Item ${error.index} of a list was refused with ${error.code}: ${error.message}`);
  return events.filter((event) => event !== null);
}
