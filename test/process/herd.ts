// Worker processes that are killed and stalled at random, each time replaced by a new one of another name.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { build } from 'esbuild';
import { adminKey } from '../support/process.ts';
import { WorkerProcess } from '../support/worker.ts';
import { type Claim, readClaims } from './claims.ts';
import { type Random, whole } from './random.ts';

const program = 'test/process/programs/worker.ts';

interface Member {
  readonly process: WorkerProcess;
  /** It is stopped, or about to be killed: to be left alone. */
  isTaken: boolean;
}

export class Herd {
  readonly #folder: string;
  readonly #gateways: readonly string[];
  readonly #random: Random;
  #members: Member[] = [];
  #started = 0;
  #ended = false;
  /** What no worker should ever do. */
  readonly faults: string[] = [];

  private constructor(folder: string, gateways: readonly string[], random: Random) {
    this.#folder = folder;
    this.#gateways = gateways;
    this.#random = random;
  }

  /** Translated once, so that a start takes little. */
  static async gather(size: number, gateways: readonly string[], random: Random): Promise<Herd> {
    const folder = await mkdtemp(join(tmpdir(), 'throughline-herd-'));
    const herd = new Herd(folder, gateways, random);
    await build({
      entryPoints: [program],
      outfile: herd.#program,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
    });
    for (let count = 0; count < size; count += 1) herd.#start();
    return herd;
  }

  get started(): number {
    return this.#started;
  }

  async killOne(): Promise<void> {
    await this.#take()?.process.kill();
  }

  /** Many leases then end at about the same time, and all gateways look for what is ready. */
  async killAll(): Promise<void> {
    await Promise.all(this.#members.map(() => this.killOne()));
  }

  /** Long enough for its leases to be lost; afterwards it goes on as if nothing had happened. */
  async stallOne(): Promise<void> {
    const member = this.#take();
    member?.process.signal('SIGSTOP');
    await delay(1_600 + this.#random() * 1_000);
    member?.process.signal('SIGCONT');
    if (member) member.isTaken = false;
  }

  claims(): Promise<Claim[]> {
    return readClaims(this.#claims);
  }

  async end(): Promise<void> {
    this.#ended = true;
    await Promise.all(this.#members.map(({ process }) => process.kill()));
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #program(): string {
    return join(this.#folder, 'worker.mjs');
  }

  get #claims(): string {
    return join(this.#folder, 'claims');
  }

  /** One that is not taken; undefined where there is none. */
  #take(): Member | undefined {
    const free = this.#members.filter(({ isTaken }) => !isTaken);
    const member = free[whole(this.#random, free.length)];
    if (member) member.isTaken = true;
    return member;
  }

  #start(): void {
    this.#started += 1;
    const settings = {
      GATEWAY: this.#gateways[whole(this.#random, this.#gateways.length)]!,
      KEY: adminKey,
      WORKER: `worker-${this.#started}`,
      CLAIMS: this.#claims,
      KIND: this.#started % 2 === 0 ? 'single' : 'batch',
      SEED: String(this.#started),
    };
    const member = { process: new WorkerProcess(this.#program, settings), isTaken: false };
    this.#members.push(member);
    void member.process.exit.then(({ code, signal }) => {
      if (signal !== 'SIGKILL')
        this.faults.push(`${settings.WORKER} ended with ${code}: ${member.process.stderr}`);
      this.#members = this.#members.filter((each) => each !== member);
      if (!this.#ended) this.#start();
    });
  }
}
