// The bench: runs the scenarios asked for, or all, prints a table, and after all of them writes RESULTS.md.
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { dropDatabases } from './databases.ts';
import { installPeers } from './peers.ts';
import { killServers, root } from './processes.ts';
import { tableOf, writeResults } from './results.ts';
import type { Row } from './rounds.ts';
import type { Settings } from './scenario.ts';
import { quickOnes, scenarios } from './scenarios.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false } },
});
const say = (line: string) => process.stdout.write(`${line}\n`);

const unknown = positionals.filter((name) => !(name in scenarios));
if (unknown.length > 0) {
  say(`There is no scenario ${unknown.join(', ')}. These are:`);
  for (const [name, { about }] of Object.entries(scenarios)) say(`  ${name.padEnd(14)} ${about}`);
  process.exit(1);
}

const settings: Settings = values.quick
  ? { rounds: 2, ms: 500, size: 0.25 }
  : { rounds: 5, ms: 1_500, size: 1 };
const asked = values.quick ? quickOnes : Object.keys(scenarios);
const names = positionals.length > 0 ? positionals : asked;

if (names.some((name) => scenarios[name]!.needsPeers !== false)) installPeers();
execFileSync(process.execPath, ['scripts/build.mjs'], { cwd: root, stdio: 'inherit' });

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    killServers();
    void dropDatabases().finally(() => process.exit(1));
  });

const rows: Row[] = [];
const failures: string[] = [];
const began = performance.now();
for (const name of names) {
  const start = performance.now();
  try {
    const found = await scenarios[name]!.run(settings);
    rows.push(...found);
    say(`${name}: ${Math.round((performance.now() - start) / 1_000)} s`);
    say(tableOf(found));
  } catch (error) {
    failures.push(`${name}: ${(error as Error).message}`);
    process.stderr.write(`${name} failed, so that its figures do not count: ${(error as Error).stack}\n`);
  }
  killServers();
  await dropDatabases();
}
const minutes = (performance.now() - began) / 60_000;
if (names.length > 1) say(`\n${tableOf(rows)}`);
if (positionals.length === 0 && !values.quick) await writeResults(rows, failures, minutes);
process.exit(failures.length > 0 ? 1 : 0);
