// `throughline worker --exec`: runs a program for each job, and writes what it printed as the job's result.
import { type AnyTopics, Fatal, isThroughlineError, type Job } from '../../client/client.ts';
import { isTemporary } from '../../client/errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { Failure } from '../failure.ts';
import { duration } from '../output/durations.ts';
import type { Output } from '../output/output.ts';
import { printable } from '../output/printable.ts';
import type { Session } from '../session.ts';
import { killPrograms, type ProgramEnd, runProgram } from './run-program.ts';

export interface WorkerArguments {
  readonly exec: string;
  readonly target: string;
  readonly source?: readonly string[] | undefined;
  readonly consumer?: string | undefined;
  readonly where?: string | undefined;
  readonly concurrency: number;
  readonly lease: number;
  readonly maxRetries: number;
  readonly retryDelay?: number | undefined;
  readonly timeout?: number | undefined;
  readonly grace: number;
  readonly name?: string | undefined;
  readonly untilIdle?: number | undefined;
}

type AnyJob = Job<AnyTopics, string>;

export async function worker(session: Session, given: WorkerArguments): Promise<void> {
  const client = await session.client();
  const { output } = session;
  const stopping = new AbortController();
  const idle = new IdleTimer(given.untilIdle, () => stopping.abort());
  const release = stopOnSignals(output, stopping);
  const { url, key } = await session.target();
  // So that a program that uses the CLI talks to the same gateway.
  const env = { THROUGHLINE_URL: url, ...(key !== undefined && { THROUGHLINE_KEY: key }) };
  const options = {
    ...optionsOf(given),
    signal: stopping.signal,
    stopOn: [],
    onConnected: () => idle.start(),
    onError: (error: unknown, jobId?: string) => {
      if (jobId === undefined && isTemporary(error))
        output.message(`throughline: ${(error as Error).message}`);
    },
  };
  const handler = async (job: AnyJob) => {
    idle.begin();
    const startedAt = Date.now();
    try {
      const result = await runJob(job, given, env);
      await report(output, job, { status: 'FINISHED', ms: Date.now() - startedAt });
      return result;
    } catch (error) {
      const { message } = error as Error;
      await report(output, job, { status: 'FAILED', ms: Date.now() - startedAt, message });
      throw error;
    } finally {
      idle.end();
    }
  };
  try {
    const { source } = given;
    const running = source
      ? client.worker({ ...options, source, target: given.target }, handler as never)
      : client.worker({ ...options, target: given.target }, handler as never);
    output.message(`throughline: waiting for jobs of ${given.target}`);
    await running.done;
  } catch (error) {
    if (isThroughlineError(error, 'FORBIDDEN'))
      throw new Failure(error.message, {
        code: error.code,
        exitCode: exitCodes.denied,
        hint: 'A worker needs the scope jobs:work; `throughline keys create NAME --preset worker` makes such a key.',
      });
    throw error;
  } finally {
    release();
    idle.stop();
  }
}

function optionsOf(given: WorkerArguments) {
  const { consumer, where, concurrency, lease, maxRetries, retryDelay, grace, name } = given;
  return {
    ...(consumer !== undefined && { consumer }),
    ...(where !== undefined && { where }),
    ...(retryDelay !== undefined && { retryDelayMs: retryDelay }),
    ...(name !== undefined && { worker: name }),
    concurrency,
    leaseMs: lease,
    maxRetries,
    graceMs: grace,
  };
}

async function runJob(
  job: AnyJob,
  { exec, timeout }: WorkerArguments,
  env: Record<string, string>,
): Promise<unknown> {
  const { id, attempt, retries, requestId, source, payload } = job;
  const late = new AbortController();
  const timer = timeout === undefined ? undefined : setTimeout(() => late.abort(), timeout);
  try {
    const end = await runProgram({
      command: exec,
      input: `${JSON.stringify({ id, attempt, retries, requestId, source, payload })}\n`,
      env: { ...env, THROUGHLINE_JOB_ID: id, THROUGHLINE_REQUEST_ID: requestId },
      signal: AbortSignal.any([job.signal, late.signal]),
    });
    job.signal.throwIfAborted();
    if (late.signal.aborted)
      throw failed('TIMEOUT', `The command took longer than ${duration(timeout!)}.`, end);
    return resultOf(end);
  } finally {
    clearTimeout(timer);
  }
}

function resultOf(end: ProgramEnd): unknown {
  const { code, signal, stdout, stderr, isCut } = end;
  if (code !== 0) {
    const last = stderr.trim().split('\n').at(-1)?.trim();
    const how =
      signal === null ? `The command ended with exit code ${code}` : `The command was ended by ${signal}`;
    throw failed(signal ?? `EXIT_${code}`, last ? `${how}: ${last}` : `${how}.`, end);
  }
  if (isCut)
    throw new Fatal('The command printed more than 1 MiB, which no result can hold.', {
      code: 'LIMIT_EXCEEDED',
    });
  const text = stdout.trim();
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** With the end of standard error where other errors have their stack. */
function failed(code: string, message: string, { stderr }: ProgramEnd): Error {
  const error = new Error(message);
  error.stack = stderr;
  return Object.assign(error, { code });
}

interface Ended {
  readonly status: 'FINISHED' | 'FAILED';
  readonly ms: number;
  readonly message?: string;
}

async function report(
  output: Output,
  { id, requestId, attempt }: AnyJob,
  { status, ms, message }: Ended,
): Promise<void> {
  if (output.isJson)
    return output.json({ id, requestId, attempt, status, ms, ...(message !== undefined && { message }) });
  const { paint } = output;
  const shown = paint(status === 'FINISHED' ? 'green' : 'red', status.padEnd(8));
  await output.line(
    `${shown}  ${id}  ${printable(requestId)}  ${duration(ms)}${message ? `  ${printable(message)}` : ''}`,
  );
}

/** The first signal drains; the second one ends everything at once. */
function stopOnSignals(output: Output, stopping: AbortController): () => void {
  const names = ['SIGINT', 'SIGTERM'] as const;
  const stop = () => {
    if (stopping.signal.aborted) {
      killPrograms();
      process.exit(exitCodes.interrupted);
    }
    output.message('throughline: stopping; jobs that run are finished first');
    stopping.abort();
  };
  for (const name of names) process.on(name, stop);
  process.once('exit', killPrograms);
  return () => names.forEach((name) => process.off(name, stop));
}

/** Calls `onIdle` when no job has run for so long. */
class IdleTimer {
  readonly #ms: number | undefined;
  readonly #onIdle: () => void;
  #running = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ms: number | undefined, onIdle: () => void) {
    this.#ms = ms;
    this.#onIdle = onIdle;
  }

  begin(): void {
    this.#running += 1;
    clearTimeout(this.#timer);
  }

  end(): void {
    this.#running -= 1;
    this.start();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  /** Counts from now on, unless a job runs. */
  start(): void {
    clearTimeout(this.#timer);
    if (this.#ms !== undefined && this.#running === 0) this.#timer = setTimeout(this.#onIdle, this.#ms);
  }
}
