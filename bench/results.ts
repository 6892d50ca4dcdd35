// The table, and RESULTS.md: the table with the machine, the versions and the date.
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { serverVersion } from './databases.ts';
import { versionOf } from './peers.ts';
import type { Row } from './rounds.ts';

const heads = ['aim', 'scenario', 'ours', 'theirs', 'ours ÷ theirs', 'wanted', 'met'];

function cellsOf({ aim, scenario, ours, theirs, ratio, goal, met }: Row): string[] {
  const verdict = met === null ? '' : met ? 'yes' : '**no**';
  return [aim, scenario, ours, theirs, ratio, goal, verdict];
}

/** In Markdown, and aligned, so that it can be read as it is. */
export function tableOf(rows: readonly Row[]): string {
  const lines = [heads, ...rows.map(cellsOf)];
  const widths = heads.map((_, n) => Math.max(3, ...lines.map((cells) => cells[n]!.length)));
  const [head, ...body] = lines.map(
    (cells) => `| ${cells.map((cell, n) => cell.padEnd(widths[n]!)).join(' | ')} |`,
  );
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [head, rule, ...body].join('\n');
}

const peers = [
  'pg-boss',
  'graphile-worker',
  'bullmq',
  'graphql-yoga',
  'graphql-ws',
  'ws',
  'pg',
  'postgraphile',
];

export async function writeResults(
  rows: readonly Row[],
  failures: readonly string[],
  minutes: number,
): Promise<void> {
  const [{ model = 'unknown' } = {}, ...others] = cpus();
  const versions = [
    `Node ${process.version}`,
    await serverVersion(),
    ...peers.map((peer) => `${peer} ${versionOf(peer)}`),
  ];
  const gibibytes = Math.round(totalmem() / 2 ** 30);
  const counted = rows.filter(({ met }) => met !== null);
  const text = `# Measured

Written by \`npm run bench\` on ${new Date().toISOString().slice(0, 10)}, in ${Math.round(minutes)} minutes.
Machine: ${others.length + 1} × ${model}, ${gibibytes} GiB; load average at the end ${loadavg()
    .map((load) => load.toFixed(1))
    .join(', ')}.
Versions: ${versions.join(', ')}.

Figures are medians of rounds by turns after a warm-up round; in brackets, lowest and highest of the ratios taken within one round. The load generator,
the servers and the database share the machine's cores, and its noise: only the ratios say something. Each scenario has verified its outcome (all rows
there, all jobs done once and on record, all deliveries received). Throughline is a process of its own as \`npm start\` runs it, over HTTP and WebSocket,
with a key, its limits on and its history kept; the job queues work in the bench's process, as they do in their users'. The generator's requests are
serialised before they count, but for those of workers.

${counted.filter(({ met }) => met).length} of ${counted.length} rows with an aim meet it.

${tableOf(rows)}
${failures.length > 0 ? `\nFailed, and not counted:\n\n${failures.map((line) => `- ${line}`).join('\n')}\n` : ''}`;
  writeFileSync(new URL('RESULTS.md', import.meta.url), `${text}${notes()}`);
}

/** What is known about the figures, kept by hand in NOTES.md. */
function notes(): string {
  try {
    return `\n${readFileSync(new URL('NOTES.md', import.meta.url), 'utf8')}`;
  } catch {
    return '';
  }
}
