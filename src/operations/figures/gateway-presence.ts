// Reports this gateway to the others of the database, and lists them all.
import { asError } from '../../base/errors.ts';
import type { Stoppable } from '../../base/lifecycle.ts';
import type { Logger } from '../../base/logger.ts';
import { WorkLoop } from '../../base/work-loop.ts';
import type { Database } from '../../database/database.ts';
import { type Gateway, readGateways, removeGateway, saveGateway } from '../../store/figures/gateways.ts';

export interface GatewayPresenceParts {
  readonly database: Database;
  readonly logger: Logger;
  readonly id: string;
  readonly version: string;
}

/** Interval between two reports, in milliseconds. */
const reportMs = 10_000;

export class GatewayPresence implements Stoppable {
  readonly #parts: GatewayPresenceParts;
  readonly #startedAt = new Date();
  readonly #workLoop = new WorkLoop(() => this.#pass());
  #isReported = false;
  #countSubscribers = () => 0;

  constructor(parts: GatewayPresenceParts) {
    this.#parts = parts;
  }

  /** Begins to report. The embedded database has one gateway, which knows of itself. */
  start(): void {
    if (this.#parts.database.kind === 'postgres') this.#workLoop.wake();
  }

  /** Sets where the number of open subscriptions comes from. */
  counting(countSubscribers: () => number): void {
    this.#countSubscribers = countSubscribers;
  }

  /** This gateway as it is now, and the others as they last reported themselves. */
  async list(): Promise<readonly Gateway[]> {
    const { database, id, version } = this.#parts;
    const now = new Date();
    const current = { lastSeenAt: now, subscribers: this.#countSubscribers() };
    const stored = database.kind === 'postgres' ? await readGateways(database) : [];
    const own = stored.find((gateway) => gateway.id === id);
    if (own === undefined) return [{ id, version, startedAt: this.#startedAt, ...current }, ...stored];
    return stored.map((gateway) => (gateway === own ? { ...own, ...current } : gateway));
  }

  async report(): Promise<void> {
    const { database, id, version } = this.#parts;
    this.#isReported = true;
    await saveGateway(database, { id, version, subscribers: this.#countSubscribers() });
  }

  async stop(): Promise<void> {
    await this.#workLoop.stop();
    // If it fails, the others soon take the gateway to be gone.
    if (this.#isReported) await removeGateway(this.#parts.database, this.#parts.id).catch(() => {});
  }

  async #pass(): Promise<number> {
    await this.report().catch((error: unknown) => {
      this.#parts.logger.warn({ err: asError(error) }, 'could not report this gateway; will retry');
    });
    return reportMs;
  }
}
