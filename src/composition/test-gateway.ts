// Gateways for tests of users: on databases in memory that are emptied and used again, with time that can be advanced.
import { randomUUID } from 'node:crypto';
import { once, Releasers } from '../base/lifecycle.ts';
import { createLogger } from '../base/logger.ts';
import { type Config, defaults } from '../config.ts';
import type { Database } from '../database/database.ts';
import { type EmbeddedDatabase, openEmbedded } from '../database/embedded/embedded.ts';
import { readTemplate } from '../database/embedded/template.ts';
import { migrate } from '../database/migrations/migrate.ts';
import type { Handler } from '../domain/handlers/handler.ts';
import { nextDueAt } from '../store/control/triggers.ts';
import { bringForward, emptyTables } from '../store/testing/test-database.ts';
import type { Core } from './start-core.ts';
import { startServer } from './start-server.ts';

export interface TestGatewayConfig extends Partial<Config> {
  readonly handlers?: readonly Handler[];
}

/** The most ticks of schedules in one advance. */
const mostTicks = 10_000;

export async function startTestGateway({ handlers = [], ...settings }: TestGatewayConfig) {
  const key = `test-${randomUUID()}`;
  const database = await takeDatabase();
  const releasers = new Releasers();
  releasers.add(() => database.close());
  try {
    const given = { logLevel: 'silent', ...settings, port: 0, adminKey: key, handlers } as const;
    const config = { ...defaults, ...given };
    const clock = new Clock();
    const { core, url } = await startServer({
      config,
      database,
      logger: createLogger(config.logLevel),
      releasers,
      onFailure: () => {},
      now: clock.now,
    });
    return {
      url,
      key,
      advance: (ms: number) => advance({ core, database, clock }, ms),
      stop: once(() => releasers.releaseAll()),
    };
  } catch (error) {
    await releasers.releaseAll().catch(() => {});
    throw error;
  }
}

/** The clock of schedules: this machine's, and what it was advanced by. */
class Clock {
  aheadMs = 0;
  readonly now = (): number => Date.now() + this.aheadMs;
}

interface Advanced {
  readonly core: Core;
  readonly database: Database;
  readonly clock: Clock;
}

async function advance({ core, database, clock }: Advanced, ms: number): Promise<void> {
  if (!Number.isFinite(ms) || ms < 0) throw new RangeError(`advance takes milliseconds from 0, not ${ms}`);
  const until = clock.aheadMs + ms;
  const { scheduler, scheduledSender, jobs } = core;
  // Tick by tick: a scheduler that finds several ticks due sends the last one.
  for (let ticks = 0; ; ticks += 1) {
    const at = await nextDueAt(database, 0);
    if (at === null || at.getTime() - Date.now() > until) break;
    if (ticks === mostTicks) throw new RangeError(`there are more than ${mostTicks} ticks within ${ms} ms`);
    clock.aheadMs = Math.max(clock.aheadMs, at.getTime() - Date.now());
    await scheduler.tick();
  }
  clock.aheadMs = until;
  const targets = await bringForward(database, ms);
  scheduledSender.wake();
  scheduler.wake();
  for (const target of targets) jobs.wakeIn(target, 0);
  await Promise.all([scheduledSender.idle(), scheduler.idle()]);
}

interface Pooled {
  readonly database: EmbeddedDatabase;
  readonly lent: Database;
}

/** Databases that no gateway uses. Their threads do not keep the process alive. */
const free: Pooled[] = [];

async function takeDatabase(): Promise<Database> {
  const pooled = free.pop() ?? (await openPooled());
  pooled.database.keepProcess(true);
  await emptyTables(pooled.database);
  return pooled.lent;
}

/** Closing it gives it back. It is one object, because caches of what a database knows are kept by it. */
async function openPooled(): Promise<Pooled> {
  const database = await openEmbedded('memory://', { from: readTemplate });
  await migrate(database);
  const { kind, schema, ended } = database;
  const lent: Database = {
    ...{ kind, schema, ended },
    query: (statement) => database.query(statement),
    transaction: (work) => database.transaction(work),
    pipeline: (statements) => database.pipeline(statements),
    listen: (channel, onHint) => database.listen(channel, onHint),
    reachable: () => database.reachable(),
    close: async () => {
      database.keepProcess(false);
      free.push(pooled);
    },
  };
  const pooled = { database, lent };
  return pooled;
}
