// Handling the events of a durable subscription, each acknowledged after its handler.
import { backoffMs, pause } from '../connection/backoff.ts';
import type { Connection } from '../connection/connection.ts';
import { isTemporary, ThroughlineError } from '../errors.ts';
import { Running, type StopOptions } from '../running.ts';
import {
  AcknowledgeDocument,
  NextEventDocument,
  type NextEventMutation,
  SubscribeDocument,
  type SubscribeInput,
  SubscriptionsDocument,
  type SubscriptionsQuery,
  UnsubscribeDocument,
} from '../../../generated/client/graphql.ts';

/** An event delivered by a subscription. */
export type Delivered = NonNullable<NextEventMutation['nextEvent']>['event'] & {
  /** The position at which the event was sent. */
  readonly deliveredAt: string;
};

/** The id of a subscription, or one to create unless there is one with this name. */
export type SubscriptionTarget = string | (SubscribeInput & { readonly name: string });

export interface ConsumeOptions extends StopOptions {
  /** Events that are handled at once. Default: 1, which keeps their order. */
  readonly concurrency?: number;
  /** Called when a handler failed, and when the gateway cannot be reached. */
  readonly onError?: (error: unknown, event?: Delivered) => void;
}

/** How long one call waits for an event, in milliseconds. */
const waitMs = 30_000;

/**
 * An event whose handler throws is not acknowledged: it is delivered again after `visibilityMs`, before newer ones. An
 * event that is delivered again while its handler still runs here is not handled twice.
 */
export function consume(
  connection: Connection,
  subscription: SubscriptionTarget,
  handler: (event: Delivered, signal: AbortSignal) => unknown,
  options: ConsumeOptions = {},
): Running {
  const { concurrency = 1, onError = () => {} } = options;
  const handled = new Set<string>();
  return new Running(options, async ({ stopping, ending }) => {
    const id = await subscriptionId(connection, subscription, stopping);
    const next = async (): Promise<NextEventMutation['nextEvent']> => {
      const variables = { ids: [id], timeoutMs: waitMs };
      const requested = { signal: stopping, timeoutMs: waitMs + 10_000 };
      return (await connection.request(NextEventDocument, variables, requested)).nextEvent;
    };
    const handle = async ({ event, position }: NonNullable<NextEventMutation['nextEvent']>) => {
      const delivered = { ...event, deliveredAt: position };
      if (handled.has(position)) return;
      handled.add(position);
      try {
        await handler(delivered, ending);
        await connection.request(
          AcknowledgeDocument,
          { id, position },
          { signal: ending, retryForMs: Infinity },
        );
      } catch (error) {
        if (!ending.aborted) onError(error, delivered);
      } finally {
        handled.delete(position);
      }
    };
    const loop = async () => {
      for (let failures = 0; !stopping.aborted;) {
        try {
          const delivery = await next();
          failures = 0;
          if (delivery) await handle(delivery);
        } catch (error) {
          if (stopping.aborted) return;
          if (!isTemporary(error)) throw error;
          onError(error);
          failures += 1;
          await pause(backoffMs(failures), stopping);
        }
      }
    };
    await Promise.all(Array.from({ length: concurrency }, loop));
  });
}

/** Of several with the name, made by consumers that started at the same time, the oldest counts. */
async function subscriptionId(
  connection: Connection,
  target: SubscriptionTarget,
  signal: AbortSignal,
): Promise<string> {
  if (typeof target === 'string') return target;
  const options = { signal, retryForMs: Infinity };
  const found = await oldestNamed(connection, target.name, signal);
  if (found !== undefined) return found;
  const input = { ...target, ack: 'MANUAL' } as const;
  const { subscribe } = await connection.request(SubscribeDocument, { input }, { signal });
  const oldest = (await oldestNamed(connection, target.name, signal)) ?? subscribe.id;
  if (oldest !== subscribe.id) await connection.request(UnsubscribeDocument, { id: subscribe.id }, options);
  return oldest;
}

async function oldestNamed(
  connection: Connection,
  name: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  let after: string | null = null;
  do {
    const options = { signal, retryForMs: Infinity };
    const { subscriptions }: SubscriptionsQuery = await connection.request(
      SubscriptionsDocument,
      { after },
      options,
    );
    const found = subscriptions.nodes.find((node) => node.name === name);
    if (found && found.ack !== 'MANUAL')
      throw new ThroughlineError(
        'BAD_USER_INPUT',
        `The subscription ${name} acknowledges by itself; consume needs one with ack: MANUAL.`,
      );
    if (found) return found.id;
    after = subscriptions.pageInfo.hasNextPage ? subscriptions.pageInfo.endCursor : null;
  } while (after !== null);
  return undefined;
}
