// Real gateways on one database that are killed in turns while others use them.
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../support/port.ts';
import { type GatewayProcess, type Settings, startGateway } from '../support/process.ts';
import type { Random } from './random.ts';

/** Gateways on one database, each at a port of its own. */
export class Gateways {
  readonly #settings: readonly Settings[];
  readonly urls: readonly string[];
  #running: GatewayProcess[] = [];
  killed = 0;

  private constructor(settings: readonly Settings[]) {
    this.#settings = settings;
    this.urls = settings.map(({ PORT }) => `http://127.0.0.1:${PORT}`);
  }

  static async start(settings: Settings, count: number): Promise<Gateways> {
    const ports = await Promise.all(Array.from({ length: count }, freePort));
    const gateways = new Gateways(ports.map((PORT) => ({ ...settings, PORT })));
    gateways.#running = await Promise.all(gateways.#settings.map(startGateway));
    return gateways;
  }

  /** The one at this place of `urls`. */
  at(turn: number): GatewayProcess {
    return this.#running[turn]!;
  }

  /** Kills one, in turns, and starts it again. */
  async killOne(random: Random): Promise<void> {
    const turn = this.killed % this.#settings.length;
    await this.#running[turn]!.kill();
    this.killed += 1;
    await delay(random() * 500);
    this.#running[turn] = await startGateway(this.#settings[turn]!);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#running.map((gateway) => gateway.stop()));
  }
}
