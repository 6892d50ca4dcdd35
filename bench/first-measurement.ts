// How fast events go in: sendEvent over HTTP against a mutation that does nothing on the same server, and by thousands.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GraphQLNonNull, type GraphQLObjectType } from 'graphql';
import pg from 'pg';
import type { Gateway } from '../src/gateway.ts';
import { createGateway } from '../src/gateway.ts';
import { schema } from '../src/graphql/schema.ts';

const rounds = Number(process.env.ROUNDS ?? 5);
const milliseconds = Number(process.env.ROUND_MS ?? 3_000);
const connections = 50;
const key = 'bench-key';
const postgresUrl = process.env.TEST_DATABASE_URL ?? 'postgres://127.0.0.1:5432/postgres';

const payload = { action: 'opened', number: 42, pull_request: { id: 1, title: 'A change', draft: false } };
const input = { topic: 'bench.send', sender: 'bench', payload };
const bodyOf = (field: string) =>
  JSON.stringify({
    query: `mutation ($input: SendEventInput!) { ${field}(input: $input) { duplicate event { id position } } }`,
    variables: { input },
  });

/** Takes and answers what sendEvent does, and does nothing. */
function addNoop(): void {
  const fields = (schema.getMutationType() as GraphQLObjectType).getFields();
  const send = fields.sendEvent;
  if (!send) throw new Error('there is no sendEvent to compare with');
  const answer = { duplicate: false, event: { id: '01a1fde1-599b-7292-b6d5-5f5b0b5adeda', position: 1n } };
  fields.noop = {
    ...send,
    name: 'noop',
    resolve: () => answer,
    type: new GraphQLNonNull(nullable(send.type)),
  };
}

function nullable<T>(type: T): never {
  return (type instanceof GraphQLNonNull ? type.ofType : type) as never;
}

interface Target {
  readonly name: string;
  readonly gateway: Gateway;
  readonly remove: () => Promise<void>;
}

async function embedded(): Promise<Target> {
  const dataFolder = mkdtempSync(join(tmpdir(), 'throughline-bench-'));
  const gateway = createGateway({ port: 0, dataFolder, adminKey: key, logLevel: 'error' });
  return {
    name: 'embedded',
    gateway,
    remove: async () => rmSync(dataFolder, { recursive: true, force: true }),
  };
}

async function postgres(): Promise<Target> {
  const name = `throughline_bench_${process.pid}`;
  await admin(`CREATE DATABASE ${name}`);
  const url = new URL(postgresUrl);
  url.pathname = `/${name}`;
  const gateway = createGateway({ port: 0, databaseUrl: url.href, adminKey: key, logLevel: 'error' });
  return { name: 'postgres', gateway, remove: () => admin(`DROP DATABASE ${name} WITH (FORCE)`) };
}

async function admin(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: postgresUrl });
  await client.connect();
  await client.query(sql);
  await client.end();
}

async function load(generator: ChildProcess, port: number, body: string, ms: number): Promise<number> {
  generator.send({ port, key, connections, milliseconds: ms, body });
  const [outcome] = (await once(generator, 'message')) as [
    { requests: number; failures: number; seconds: number },
  ];
  if (outcome.failures > 0) throw new Error(`${outcome.failures} of ${outcome.requests} requests failed`);
  return outcome.requests / outcome.seconds;
}

async function ask<T>(url: string, query: string, variables: object): Promise<T> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await response.json()) as { data: T; errors?: { message: string }[] };
  if (errors) throw new Error(errors[0]?.message);
  return data;
}

async function byThousand(url: string): Promise<number> {
  const batch = Array.from({ length: 1_000 }, () => ({ ...input, topic: 'bench.batch' }));
  const query = 'mutation ($input: [SendEventInput!]!) { sendEvents(input: $input) { errors { message } } }';
  const began = performance.now();
  for (let sent = 0; sent < 5; sent += 1) await ask(url, query, { input: batch });
  return 5_000 / ((performance.now() - began) / 1000);
}

async function countOf(url: string, topic: string): Promise<{ totalCount: number; totalIsExact: boolean }> {
  const query =
    'query ($topic: String!) { events(filter: { topics: [$topic] }, first: 0) { totalCount totalIsExact } }';
  return (await ask<{ events: { totalCount: number; totalIsExact: boolean } }>(url, query, { topic })).events;
}

async function measure(target: Target, generator: ChildProcess): Promise<void> {
  const { url } = await target.gateway.start();
  const port = Number(new URL(url).port);
  for (const field of ['noop', 'sendEvent']) await load(generator, port, bodyOf(field), milliseconds);
  const results: { noop: number; send: number; batch: number }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const noop = await load(generator, port, bodyOf('noop'), milliseconds);
    const send = await load(generator, port, bodyOf('sendEvent'), milliseconds);
    results.push({ noop, send, batch: await byThousand(url) });
  }
  const sent = await countOf(url, 'bench.send');
  const batched = await countOf(url, 'bench.batch');
  if (sent.totalCount === 0 || batched.totalCount !== Math.min(25_000, rounds * 5_000))
    throw new Error('events are missing');
  report(target.name, results);
}

function report(name: string, results: readonly { noop: number; send: number; batch: number }[]): void {
  const line = (label: string, values: readonly number[], digits: number) => {
    const sorted = [...values].sort((a, b) => a - b);
    const [low, middle, high] = [sorted[0], sorted[Math.floor(sorted.length / 2)], sorted.at(-1)].map(
      (v = 0) => v.toFixed(digits),
    );
    process.stdout.write(`${name.padEnd(9)} ${label.padEnd(52)} ${middle} (${low} to ${high})\n`);
  };
  line(
    `sendEvent, ${connections} connections, events/s`,
    results.map((r) => r.send),
    0,
  );
  line(
    'a mutation that does nothing, same server, /s',
    results.map((r) => r.noop),
    0,
  );
  line(
    'ratio',
    results.map((r) => r.send / r.noop),
    2,
  );
  line(
    'sendEvents by 1,000, one caller, events/s',
    results.map((r) => r.batch),
    0,
  );
}

addNoop();
const loader = import.meta.url.endsWith('.ts') ? ['--import', 'tsx'] : [];
const generator = fork(fileURLToPath(new URL('./load.ts', import.meta.url)), { execArgv: loader });
process.stdout.write(
  `Node ${process.version}; medians of ${rounds} rounds of ${milliseconds} ms (lowest to highest)\n`,
);
for (const open of [embedded, postgres]) {
  const target = await open();
  try {
    await measure(target, generator);
  } finally {
    await target.gateway.stop();
    await target.remove();
  }
}
generator.kill();
