// Runs the demo as its user does, and holds what it prints against what the 329 deliveries must come to.
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

interface Outcome {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

/** In a temporary folder of its own, so that what it leaves behind can be seen. */
function runDemo(temporary: string, environment: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  const { THROUGHLINE_URL: _url, THROUGHLINE_ADMIN_KEY: _key, ...rest } = process.env;
  const env = { ...rest, TMPDIR: temporary, ...environment };
  return new Promise((resolve) => {
    execFile(process.execPath, ['--import', 'tsx', 'examples/demo.ts'], { env }, (error, output, errors) =>
      resolve({ code: error === null ? 0 : Number(error.code), output, errors }),
    );
  });
}

/** The lines under a heading, up to the next empty line. */
function section(output: string, heading: string): string[] {
  const lines = output.split('\n');
  const start = lines.findIndex((line) => line.startsWith(heading));
  expect(start, `no line begins with "${heading}" in\n${output}`).toBeGreaterThanOrEqual(0);
  const length = lines.slice(start + 1).indexOf('');
  return lines.slice(start + 1, length < 0 ? undefined : start + 1 + length);
}

describe('npm run demo', () => {
  let temporary: string;
  let outcome: Outcome;

  beforeAll(async () => {
    temporary = await mkdtemp(join(tmpdir(), 'throughline-demo-test-'));
    outcome = await runDemo(temporary);
  }, 180_000);
  afterAll(() => rm(temporary, { recursive: true, force: true }));

  it('ends well and leaves nothing behind', () => {
    expect(outcome).toMatchObject({ code: 0, errors: '' });
    // tsx keeps its cache of translated files there.
    expect(readdirSync(temporary).filter((name) => !name.startsWith('tsx-'))).toEqual([]);
  });

  it('prints a line for every tenth of the work where it cannot draw bars', () => {
    const tenths = [...outcome.output.matchAll(/^ *(\d+) % {2}deliveries (\d+)\/329/gm)];
    expect(tenths.length).toBeGreaterThanOrEqual(2);
    expect(tenths.length).toBeLessThanOrEqual(11);
    expect(tenths.at(-1)?.slice(1)).toEqual(['100', '329']);
    expect(outcome.output).not.toContain('\x1b');
  });

  it('counts the deliveries by topic', () => {
    const counts = section(outcome.output, 'Deliveries by topic: 329 under 58 topics').flatMap((line) =>
      [...line.matchAll(/(\d+) github\.\w+/g)].map((match) => Number(match[1])),
    );
    expect(counts).toHaveLength(58);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(329);
    expect(outcome.output).toMatch(/^.* 29 github\.pull_request$/m);
  });

  it('counts the work by topic and status', () => {
    const work = section(outcome.output, 'Work by topic and status').map((line) => line.trim().split(/ +/));
    expect(work).toEqual([
      ['329', 'demo.validate', '325', 'FINISHED', '4', 'FAILED'],
      ['329', 'demo.enrich', '280', 'FINISHED', '45', 'FAILED', '4', 'ABORTED'],
      ['346', 'demo.notify', '280', 'FINISHED', '21', 'FAILED', '45', 'ABORTED'],
      ['1', 'demo.run', '1', 'FINISHED'],
    ]);
  });

  it('says why work failed', () => {
    const reasons = section(outcome.output, 'Why work failed').map((line) =>
      line.trim().split(/ +/).join(' '),
    );
    expect(reasons.sort()).toEqual([
      '21 demo.notify NO_INBOX',
      '4 demo.validate NO_SENDER',
      '45 demo.enrich NO_REPOSITORY',
    ]);
  });

  it('prints the chain of a request as a tree, with the status and duration of each node', () => {
    const [, ...tree] = section(outcome.output, 'One request: demo-');
    expect(tree[0]).toMatch(/^delivery +FINISHED +github\.\w+$/);
    expect(tree[1]).toMatch(/^└─ validate +FINISHED +\d+ ms {2}demo\.validate$/);
    expect(tree[2]).toMatch(/^ {3}└─ enrich +FINISHED +\d+ ms {2}demo\.enrich$/);
    const notifications = tree.slice(3);
    expect(notifications.length).toBeGreaterThan(0);
    for (const line of notifications)
      expect(line).toMatch(/^ {6}[├└]─ notify \S+ +(FINISHED|FAILED) +\d+ ms/);
    expect(notifications.some((line) => line.includes(' FAILED '))).toBe(true);
  });

  it('lists the failed leaves of that request with their errors', () => {
    const [leaf, error] = section(outcome.output, 'Its failed leaves');
    expect(leaf).toMatch(/^notify \S+$/);
    expect(error).toMatch(/^ {2}NO_INBOX: \S+ is a (Bot|Organization), and only people read mail\.$/);
  });

  it('finds everything as it was sent', () => {
    const checks = section(outcome.output, 'Is it what was sent?').filter((line) => /^[✓✗]/.test(line));
    expect(checks).toHaveLength(5);
    expect(checks.filter((line) => line.startsWith('✗'))).toEqual([]);
    expect(outcome.output).toMatch(/^✓ (\d+) changes came live of \1 made/m);
  });
});

describe('npm run demo against a running gateway', () => {
  it('says in one line what is wrong with its settings', async () => {
    const withoutKey = await runDemo(tmpdir(), { THROUGHLINE_URL: 'http://127.0.0.1:9' });
    expect(withoutKey.code).toBe(1);
    expect(withoutKey.errors).toMatch(/^The demo failed: .*THROUGHLINE_ADMIN_KEY.*\n$/);
    const nobodyThere = await runDemo(tmpdir(), {
      THROUGHLINE_URL: 'http://127.0.0.1:9',
      THROUGHLINE_ADMIN_KEY: 'a-key',
    });
    expect(nobodyThere.code).toBe(1);
    expect(nobodyThere.errors).toMatch(
      /^The demo failed: No answer from http:\/\/127\.0\.0\.1:9\/graphql.*\n$/,
    );
  }, 60_000);
});
