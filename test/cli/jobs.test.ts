// The commands for work: worker --exec, consumers and redrive.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeDatabases, describeEmbedded } from '../support/database.ts';
import { fresh } from '../support/gateway.ts';
import { builtProgram } from '../support/process.ts';
import type { Program } from '../support/program.ts';
import { cliTests, type CliTests } from './support.ts';

interface Job {
  readonly id: string;
  readonly status: string;
  readonly result: unknown;
  readonly requestId: string;
  readonly error: { readonly code: string; readonly message: string; readonly stack: string | null } | null;
}

const jobsOf = (cli: CliTests, topic: string) =>
  cli.json<Job>(['events', '--topic', topic, '--oldest-first']);

/** Starts a worker, waits until it has reported so many jobs, and stops it. */
async function work(cli: CliTests, jobs: number, args: readonly string[]): Promise<Program> {
  const worker = cli.start(['worker', ...args]);
  await worker.said(new RegExp(`(?:^(?:FINISHED|FAILED) .*\\n){${jobs}}`, 'm'));
  expect(await worker.terminate()).toEqual({ code: 0, signal: null });
  return worker;
}

/** Resolves when a job of the topic has the status. */
async function reached(cli: CliTests, topic: string, status: string): Promise<void> {
  const filter = { topics: [topic] };
  for await (const change of cli.client.watch({ filter, after: '0' })) if (change.status === status) return;
}

describeDatabases('throughline worker --exec', (backend) => {
  const cli = cliTests(backend);

  test('gives a job to a program as JSON, and keeps what it printed as the result', async () => {
    const [source, target] = [fresh('source'), fresh('target')];
    for (const n of [1, 2, 3]) await cli.client.send(source, { n });
    const program = `process.stdin.on('data', (text) => {
      const { payload, source, attempt } = JSON.parse(text);
      console.log(JSON.stringify({ n: payload.n, topic: source.topic, attempt }));
    });`;
    await writeFile(join(cli.folder, 'double.js'), program);
    const exec = `"${process.execPath}" double.js`;
    await work(cli, 3, ['--source', source, '--target', target, '--exec', exec, '-c', '2']);
    const results = (await jobsOf(cli, target)).map(({ result }) => result);
    expect(results).toHaveLength(3);
    expect(results).toEqual(expect.arrayContaining([1, 2, 3].map((n) => ({ n, topic: source, attempt: 1 }))));
  });

  test('a program that prints text or nothing finishes its job; one that fails, with its last words', async () => {
    const queue = fresh('queue');
    for (const run of [
      'echo plain text',
      'true',
      'echo first >&2; echo last words >&2; exit 7',
      'kill -9 $$',
    ])
      await cli.client.send(queue, { run }, { finished: false });
    const exec = `sh -c "$(jq -r .payload.run)"`;
    const { stderr } = await work(cli, 4, ['--target', queue, '--exec', exec, '--max-retries', '0']);
    expect(stderr).toContain('last words');
    const jobs = await jobsOf(cli, queue);
    expect(jobs.map(({ status, result }) => [status, result])).toEqual([
      ['FINISHED', 'plain text'],
      ['FINISHED', null],
      ['FAILED', null],
      ['FAILED', null],
    ]);
    const message = 'The command ended with exit code 7: last words';
    expect(jobs[2]!.error).toEqual({ code: 'EXIT_7', message, stack: 'first\nlast words\n' });
    expect(jobs[3]!.error!.code).toMatch(/SIGKILL|EXIT_137/);
  });
});

describeEmbedded('throughline worker --exec', (backend) => {
  const cli = cliTests(backend);

  test('what its program sends with the CLI becomes a child of the job', async () => {
    const [source, target, sent] = [fresh('source'), fresh('target'), fresh('sent')];
    await cli.client.send(source, {}, { requestId: source });
    const exec = `"${process.execPath}" "${builtProgram()}" send ${sent} >&2`;
    await work(cli, 1, ['--source', source, '--target', target, '--exec', exec]);
    const { stdout } = await cli.run(['chain', source]);
    expect(stdout).toMatch(new RegExp(`${source}.*\n└─ ✔ ${target}.*\n   └─ ✔ ${sent}`));
  });

  test('an abort ends the program and what it started', async () => {
    const queue = fresh('queue');
    const { id } = await cli.client.send(queue, {}, { finished: false });
    const worker = cli.start([
      'worker',
      '--target',
      queue,
      '--exec',
      `sh -c 'echo $$ > ${queue}; exec sleep 600' & wait`,
    ]);
    await reached(cli, queue, 'IN_PROGRESS');
    await cli.client.mutate('mutation($id: ID!) { updateEvent(input: {id: $id, status: ABORTED}) { id } }', {
      id,
    });
    await worker.said(/FAILED .*aborted/);
    const pid = Number(await readFile(join(cli.folder, queue), 'utf8'));
    expect(await isRunning(pid)).toBe(false);
    expect((await worker.terminate()).code).toBe(0);
    expect((await jobsOf(cli, queue))[0]).toMatchObject({ status: 'ABORTED' });
  });

  test('SIGTERM takes no more jobs and waits for those that run', async () => {
    const queue = fresh('queue');
    for (const n of [1, 2]) await cli.client.send(queue, { n }, { finished: false });
    const exec = `while [ ! -e ${queue}.go ]; do sleep 0.05; done; echo '"done"'`;
    const worker = cli.start(['worker', '--target', queue, '--exec', exec]);
    await reached(cli, queue, 'IN_PROGRESS');
    worker.signal('SIGTERM');
    const stopping = async () => {
      while (!worker.stderr.includes('stopping')) await new Promise((wait) => setTimeout(wait, 20));
    };
    await stopping();
    await writeFile(join(cli.folder, `${queue}.go`), '');
    expect(await worker.exit).toEqual({ code: 0, signal: null });
    const jobs = await jobsOf(cli, queue);
    expect(jobs.map(({ status, result }) => [status, result])).toEqual([
      ['FINISHED', 'done'],
      ['PENDING', null],
    ]);
  });

  test('a command that takes too long is ended, and its job fails', async () => {
    const queue = fresh('queue');
    await cli.client.send(queue, {}, { finished: false });
    const args = ['--exec', 'sleep 600', '--timeout', '300ms', '--max-retries', '0'];
    await work(cli, 1, ['--target', queue, ...args]);
    expect((await jobsOf(cli, queue))[0]!.error).toMatchObject({ code: 'TIMEOUT' });
  });

  test('with --until-idle, ends when no job came for so long', async () => {
    const queue = fresh('queue');
    const args = ['--exec', 'true', '--until-idle', '300ms'];
    expect((await cli.run(['worker', '--target', queue, ...args])).code).toBe(0);
  });

  test('a key that may not work ends it with 4', async () => {
    const { stdout: key } = await cli.run(['keys', 'create', fresh('key'), '--preset', 'reader']);
    const env = { THROUGHLINE_KEY: key.trim() };
    const { code, stderr } = await cli.run(['worker', '--target', 'a.b', '--exec', 'true'], { env });
    expect(code).toBe(4);
    expect(stderr).toContain('--preset worker');
  });
});

/** A program that has ended may be left as a zombie until its parent looks. */
async function isRunning(pid: number): Promise<boolean> {
  const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => 'Z');
  return !state.replace(/^.*\)/, '').trimStart().startsWith('Z') && state !== 'Z';
}

interface Consumer {
  readonly name: string;
  readonly paused: boolean;
  readonly backlog: { readonly waiting: number; readonly exhausted: number };
}

describeEmbedded('throughline consumers', (backend) => {
  const cli = cliTests(backend);

  test('shows backlogs, pauses and resumes; redrive restarts exhausted jobs', async () => {
    const [source, target, consumer] = [fresh('source'), fresh('target'), fresh('invoices')];
    for (const n of [1, 2, 3]) await cli.client.send(source, { n });
    const args = ['--source', source, '--target', target, '--consumer', consumer];
    await work(cli, 3, [...args, '--exec', 'exit 1', '--max-retries', '0']);
    const { stdout } = await cli.run(['jobs', consumer]);
    const [head, row] = stdout.split('\n');
    expect(head).toMatch(/^CONSUMER +TARGET +WAITING +READY +HELD +RETRYING +EXHAUSTED/);
    expect(row).toMatch(new RegExp(`^${consumer} +${target} +0 +0 +0 +0 +3 `));

    const [paused] = await cli.json<Consumer>(['consumers', consumer, '--pause']);
    expect(paused).toMatchObject({ name: consumer, paused: true });
    expect((await cli.run(['consumers', target])).stdout).toContain(`${consumer} (paused)`);
    await cli.run(['consumers', consumer, '--resume']);

    const dry = await cli.json(['redrive', consumer, '--dry-run']);
    expect(dry).toEqual([{ topics: [target], count: 3, restarted: 0 }]);
    const unasked = await cli.run(['redrive', consumer]);
    expect(unasked.code).toBe(2);
    expect(unasked.stderr).toContain('--yes');
    expect((await cli.run(['redrive', consumer, '-w', 'data.n > 5', '--yes'])).stdout).toMatch(
      /^0 exhausted jobs/,
    );
    expect((await cli.run(['redrive', consumer, '--yes'])).stdout).toBe(
      `3 of 3 exhausted jobs of ${target} restarted\n`,
    );
    await work(cli, 3, [...args, '--exec', 'true']);
    expect((await jobsOf(cli, target)).map(({ status }) => status)).toEqual([
      'FINISHED',
      'FINISHED',
      'FINISHED',
    ]);
  });

  test('with --watch, prints the backlog again and again', async () => {
    const queue = fresh('queue');
    await cli.run(['worker', '--target', queue, '--exec', 'true', '--until-idle', '500ms']);
    const watching = cli.start(['jobs', queue, '--watch', '--every', '200ms', '--json']);
    await watching.said(/"waiting":0/);
    await cli.client.send(queue, {}, { finished: false });
    await watching.said(/"waiting":1/);
    watching.signal('SIGINT');
    expect((await watching.exit).code).toBe(130);
  });
});
