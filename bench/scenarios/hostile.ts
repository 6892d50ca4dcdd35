// What a second client and the gateway's memory feel of hostile loads, beside the figures of an earlier program.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createDatabase, dropDatabase, endSessions } from '../databases.ts';
import { HostileClient } from '../hostile/client.ts';
import { type Load, loads, sendLarge } from '../hostile/loads.ts';
import { type Impact, measureImpact } from '../hostile/second-client.ts';
import { root, startGateway } from '../processes.ts';
import type { Row } from '../rounds.ts';
import type { Scenario } from '../scenario.ts';

/** Figures of an earlier program, by the name of the load. */
interface Recorded {
  readonly commit: string;
  readonly date: string;
  readonly figures: Readonly<Record<string, Impact>>;
}

/** A built checkout of that program: its figures are recorded instead of compared. */
const earlier = process.env.BENCH_CHECKOUT;
const record = new URL('../hostile/before.json', import.meta.url);
/** The longest ping that counts as not held up, in milliseconds. */
const goalMs = 250;

async function measure(load: Load, databaseUrl: string): Promise<Impact> {
  const gateway = await startGateway({ DATABASE_URL: databaseUrl }, [], earlier ?? root);
  try {
    return await measureImpact(gateway, load.name);
  } finally {
    gateway.child.kill('SIGKILL');
    await endSessions(databaseUrl);
  }
}

async function largeDatabase(): Promise<string> {
  const url = await createDatabase();
  const gateway = await startGateway({ DATABASE_URL: url }, [], earlier ?? root);
  const client = new HostileClient(gateway.url);
  await sendLarge(client);
  client.close();
  await gateway.stop();
  return url;
}

async function measureAll(): Promise<Record<string, Impact>> {
  const largeUrl = await largeDatabase();
  const figures: Record<string, Impact> = {};
  for (const load of loads) {
    const url = load.large ? largeUrl : await createDatabase();
    figures[load.name] = await measure(load, url);
    process.stdout.write(`${load.name}: ${shown(figures[load.name])}\n`);
    if (!load.large) await dropDatabase(url);
  }
  await dropDatabase(largeUrl);
  return figures;
}

function keep(figures: Recorded['figures'], folder: string): void {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: folder, encoding: 'utf8' }).trim();
  const recorded: Recorded = {
    commit: git('rev-parse', '--short', 'HEAD'),
    date: new Date().toISOString().slice(0, 10),
    figures,
  };
  writeFileSync(record, `${JSON.stringify(recorded, null, 2)}\n`);
}

function shown(impact: Impact | undefined): string {
  if (!impact) return '';
  const ending = impact.isOver ? '' : ', not over in 60 s';
  return `${Math.round(impact.pingMs).toLocaleString('en-US')} ms, ${Math.round(impact.peakMiB).toLocaleString('en-US')} MiB${ending}`;
}

function rowOf(name: string, now: Impact, before: Recorded | null): Row {
  const then = before?.figures[name];
  return {
    aim: '',
    scenario: `${name}: longest ping, peak memory ÷ those of ${before?.commit ?? 'no earlier program'} (${before?.date ?? ''})`,
    ours: shown(now),
    theirs: shown(then),
    ratio: then ? (now.pingMs / then.pingMs).toPrecision(2) : '',
    goal: `≤ ${goalMs} ms`,
    met: now.pingMs <= goalMs,
  };
}

export const hostile: Scenario = {
  about:
    'longest ping of a second client and peak memory under hostile loads (BENCH_CHECKOUT: records another program)',
  needsPeers: false,
  run: async () => {
    const figures = await measureAll();
    if (earlier !== undefined) keep(figures, earlier);
    const before = existsSync(record) ? (JSON.parse(readFileSync(record, 'utf8')) as Recorded) : null;
    return Object.entries(figures).map(([name, impact]) => rowOf(name, impact, before));
  },
};
