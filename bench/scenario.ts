// What a scenario is, and what it is given.
import type { Row } from './rounds.ts';

export interface Settings {
  /** Rounds that count. */
  readonly rounds: number;
  /** How long a round takes that has no end of its own. */
  readonly ms: number;
  /** How many jobs or messages a round has, as a part of the usual. */
  readonly size: number;
}

export interface Scenario {
  readonly about: string;
  /** False where it runs without the peers' packages. */
  readonly needsPeers?: boolean;
  run(settings: Settings): Promise<readonly Row[]>;
}
