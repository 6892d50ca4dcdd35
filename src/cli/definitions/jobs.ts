// The commands for work: consumers, redrive, worker.
import { withExamples } from './examples.ts';
import type { Parent, RunCommand } from './parent.ts';
import { durationMs, list, whereOption, wholeNumber } from './values.ts';

export function defineJobCommands(program: Parent, run: RunCommand): void {
  defineConsumers(program, run);
  defineRedrive(program, run);
  defineWorker(program, run);
}

function defineConsumers(program: Parent, run: RunCommand): void {
  const consumers = program
    .command('consumers')
    .alias('jobs')
    .summary('show consumers and their backlogs')
    .description(
      'Prints a table of the consumers with their unfinished jobs: waiting, ready, held by workers, retrying, exhausted. Counts stop at 25,000. Needs the scope consumers.',
    )
    .argument('[consumers...]', 'only these: names, ids or target topics')
    .option('--watch', 'print it again and again, until Ctrl+C')
    .option('--every <duration>', 'how often with --watch', durationMs, 2_000)
    .option('--pause', 'pause these consumers: workers get no more jobs of them')
    .option('--resume', 'resume these consumers')
    .action((names, options) =>
      run(async (session) =>
        (await import('../commands/consumers.ts')).consumers(session, { names, ...options }),
      ),
    );
  withExamples(consumers, [
    ['throughline consumers', 'print the table'],
    ['throughline jobs --watch', 'follow it'],
    ['throughline consumers invoices --pause', 'stop giving out jobs'],
  ]);
}

function defineRedrive(program: Parent, run: RunCommand): void {
  const redrive = program
    .command('redrive')
    .summary('restart the exhausted jobs of a consumer')
    .description(
      'Restarts the jobs that failed and have no retries left, after showing how many there are. Jobs of other consumers with the same target topic are restarted as well.',
    )
    .argument('<consumer>', 'the name, the id or the target topic of a consumer')
    .addOption(whereOption())
    .option('--dry-run', 'only count')
    .option('-y, --yes', 'do not ask')
    .action((consumer, options) =>
      run(async (session) =>
        (await import('../commands/redrive.ts')).redrive(session, { consumer, ...options }),
      ),
    );
  withExamples(redrive, [
    ['throughline redrive invoices --dry-run', 'count the exhausted jobs'],
    ['throughline redrive invoice.write --yes', 'restart them'],
    [`throughline redrive invoices --where 'data.customer == "acme"'`, "restart one customer's"],
  ]);
}

function defineWorker(program: Parent, run: RunCommand): void {
  const worker = program
    .command('worker')
    .summary('run a program for each job')
    .description(
      `Works on jobs: runs a command for each, with the job as JSON on its standard input. What it prints to standard output is the result: JSON, or else text. Exit code 0 finishes the job; any other fails it, and it is tried again while it has retries. The lease is kept while the command runs; if the job is aborted or the lease is lost, the command is ended. SIGTERM and Ctrl+C take no more jobs, and wait for those that run.`,
    )
    .requiredOption('-e, --exec <command>', 'the command, run by the shell')
    .requiredOption('--target <topic>', 'the topic of the jobs')
    .option(
      '--source <patterns>',
      'the topics of the events to work on; default: the pending events of the target',
      list,
    )
    .option('--consumer <name>', 'the name of the consumer, which keeps its position in the log')
    .addOption(whereOption())
    .option('-c, --concurrency <number>', 'commands at once', wholeNumber(1, 1_000), 1)
    .option(
      '--lease <duration>',
      'the length of a lease; it is extended while the command runs',
      durationMs,
      30_000,
    )
    .option('--max-retries <number>', 'retries of a job', wholeNumber(0, 1_000), 3)
    .option('--retry-delay <duration>', 'the delay before the first retry; doubles with each', durationMs)
    .option('--timeout <duration>', 'end and fail a command that takes longer', durationMs)
    .option('--grace <duration>', 'how long a stop waits for commands that run', durationMs, 30_000)
    .option('--name <name>', 'the name of the worker in histories and logs')
    .option('--until-idle <duration>', 'end when no job came for so long, and none runs', durationMs)
    .action((options) =>
      run(async (session) => (await import('../commands/worker.ts')).worker(session, options)),
    );
  withExamples(worker, [
    [
      "throughline worker --source order.paid --target invoice.write --exec './write-invoice.sh'",
      'one invoice per order',
    ],
    [
      "throughline worker --target thumbnails --exec 'python3 thumbnail.py' -c 4",
      'work on a plain queue, four at once',
    ],
    [
      `throughline worker --source order.paid --target mail.send --exec 'jq -r .payload.email | xargs notify'`,
      'read the job with jq',
    ],
  ]);
}
