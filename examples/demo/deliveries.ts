// What the demo sends: the 329 example deliveries that GitHub's webhooks are documented with, each with a number.
import { createRequire } from 'node:module';

/** Someone who acts on GitHub: a person, a bot or an organization. */
export interface Account {
  readonly login: string;
  readonly type: string;
}

/** The few parts of a delivery that the demo's work looks at; it carries many more, and all are sent. */
export interface Payload {
  readonly action?: string;
  readonly sender?: Account;
  readonly repository?: {
    readonly full_name: string;
    readonly private: boolean;
    readonly language?: string | null;
    readonly owner: Account;
  };
}

export interface Delivery {
  /** From 1. */
  readonly number: number;
  /** What GitHub calls it, such as `pull_request`. */
  readonly name: string;
  readonly topic: string;
  readonly payload: Payload;
  /** The actions that GitHub documents for its name; empty where it has none. */
  readonly knownActions: readonly string[];
}

interface Definition {
  readonly name: string;
  readonly actions: readonly string[];
  readonly examples: readonly Payload[];
}

// The package is one JSON file, which `require` reads in every version of Node.
const definitions: readonly Definition[] = createRequire(import.meta.url)('@octokit/webhooks-examples');

export const deliveries: readonly Delivery[] = definitions
  .flatMap(({ name, actions, examples }) =>
    examples.map((payload) => ({ name, topic: `github.${name}`, payload, knownActions: actions })),
  )
  .map((delivery, index) => ({ number: index + 1, ...delivery }));
