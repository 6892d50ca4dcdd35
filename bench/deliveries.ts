// What all systems carry here: GitHub's 329 example deliveries, one after another.
import { createRequire } from 'node:module';
import type { JsonObject } from '../src/domain/values/json.ts';

export interface Delivery extends JsonObject {
  readonly action?: string;
  readonly repository?: { readonly full_name: string };
  readonly sender?: { readonly login: string };
}

interface Definition {
  readonly name: string;
  readonly examples: readonly Delivery[];
}

export const definitions: readonly Definition[] = createRequire(import.meta.url)(
  '@octokit/webhooks-examples',
);

export const deliveries: readonly Delivery[] = definitions.flatMap(({ examples }) => examples);

let next = 0;

/** The next one, around and around. */
export function nextDelivery(): Delivery {
  next = (next + 1) % deliveries.length;
  return deliveries[next]!;
}

export function someDeliveries(count: number): Delivery[] {
  return Array.from({ length: count }, nextDelivery);
}
