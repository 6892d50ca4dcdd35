// The little of each peer that is used here; they live in bench/node_modules, so that the project does without them.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));

/** Installs them where they are not there. Not by `npm ci`, which refuses where a mirror lacks a package for another platform. */
export function installPeers(): void {
  if (existsSync(`${folder}node_modules/pg-boss/package.json`)) return;
  execFileSync('npm', ['install', '--no-save', '--no-audit', '--no-fund'], { cwd: folder, stdio: 'inherit' });
}

export function versionOf(peer: string): string {
  return JSON.parse(readFileSync(`${folder}node_modules/${peer}/package.json`, 'utf8')).version;
}

/** Imported by name, since the compiler is not to look for what may not be installed. */
const load = (name: string) => import(name);

export interface Boss {
  start(): Promise<unknown>;
  stop(options: object): Promise<void>;
  on(event: 'error', listener: (error: Error) => void): void;
  createQueue(name: string, options?: object): Promise<void>;
  send(name: string, data: object): Promise<string | null>;
  insert(name: string, jobs: readonly { data: object }[]): Promise<unknown>;
  fetch(name: string, options: { batchSize: number }): Promise<readonly { id: string; data: object }[]>;
  complete(name: string, ids: string[]): Promise<unknown>;
  work(
    name: string,
    options: object,
    handler: (jobs: readonly { id: string }[]) => Promise<void>,
  ): Promise<string>;
  offWork(name: string): Promise<void>;
}

/** As many connections as callers, and none of its housekeeping while it is measured. */
export async function startBoss(connectionString: string, max: number): Promise<Boss> {
  const { PgBoss } = await load('pg-boss');
  const boss: Boss = new PgBoss({ connectionString, max, supervise: false, schedule: false });
  boss.on('error', (error) => process.stderr.write(`pg-boss: ${error.message}\n`));
  await boss.start();
  return boss;
}

export interface GraphileJobs {
  addJob(task: string, payload: object): Promise<unknown>;
  addJobs(jobs: readonly { identifier: string; payload: object }[]): Promise<unknown>;
  migrate(): Promise<void>;
  release(): Promise<void>;
}

export interface GraphileRunner {
  stop(): Promise<void>;
}

interface GraphileTask {
  readonly connectionString: string;
  readonly worker: object;
  readonly task: (payload: object, id: string) => void;
  readonly completed?: () => void;
}

const quiet = { error: true, warning: true };

async function graphileLogger(): Promise<unknown> {
  const { Logger } = await load('graphile-worker');
  return new Logger(() => (level: keyof typeof quiet, message: string) => {
    if (quiet[level]) process.stderr.write(`graphile-worker: ${message}\n`);
  });
}

export async function openGraphileJobs(connectionString: string, maxPoolSize: number): Promise<GraphileJobs> {
  const { makeWorkerUtils } = await load('graphile-worker');
  const logger = await graphileLogger();
  const jobs: GraphileJobs = await makeWorkerUtils({ connectionString, maxPoolSize, logger });
  await jobs.migrate();
  return jobs;
}

/** A runner of the task "work". */
export async function runGraphile(options: GraphileTask): Promise<GraphileRunner> {
  const { connectionString, worker, task, completed } = options;
  const { run } = await load('graphile-worker');
  const { EventEmitter } = await import('node:events');
  const events = new EventEmitter();
  if (completed) events.on('job:complete', completed);
  return run({
    preset: { worker: { connectionString, crontabFile: '', logger: await graphileLogger(), ...worker } },
    events,
    noHandleSignals: true,
    parsedCronItems: [],
    taskList: {
      work: async (payload: object, { job }: { job: { id: string } }) => task(payload, job.id),
    },
  });
}

export interface BullQueue {
  addBulk(jobs: readonly { name: string; data: object }[]): Promise<unknown>;
  getJobCounts(...states: string[]): Promise<Record<string, number>>;
  obliterate(options: { force: boolean }): Promise<void>;
  close(): Promise<void>;
}

export interface BullWorker {
  on(event: 'completed', listener: (job: { id: string }) => void): void;
  close(): Promise<void>;
}

const connection = { host: '127.0.0.1', port: 6379, maxRetriesPerRequest: null };

export async function openBull(name: string): Promise<BullQueue> {
  const { Queue } = await load('bullmq');
  return new Queue(name, { connection });
}

export async function runBull(name: string, concurrency: number, task: () => void): Promise<BullWorker> {
  const { Worker } = await load('bullmq');
  return new Worker(name, async () => task(), { connection, concurrency });
}
