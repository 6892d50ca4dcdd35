// The gateway for tests, as the package exports it. `createTestGateway` of throughline-client/testing adds a client and waits.
import { startTestGateway as start } from './composition/test-gateway.ts';
import type { GatewaySettings } from './gateway.ts';

/** Settings of a gateway for tests. Its port, its key and its database are its own. */
export type TestGatewaySettings = Omit<GatewaySettings, 'port' | 'adminKey' | 'databaseUrl' | 'dataFolder'>;

export interface StartedTestGateway {
  readonly url: string;
  /** Has the scope admin. */
  readonly key: string;
  /**
   * Makes due what becomes due within so many milliseconds: ticks of schedules one by one, scheduled events, retries, and
   * leases, which lapse. The clock of the database does not change, nor do timestamps of events.
   */
  advance(ms: number): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a gateway with an empty database in memory. */
export function startTestGateway(settings: TestGatewaySettings = {}): Promise<StartedTestGateway> {
  return start(settings);
}
