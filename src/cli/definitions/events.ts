// The commands for events: send, tail, chain, events.
import { withExamples } from './examples.ts';
import {
  durationMs,
  list,
  projectOption,
  requestOption,
  senderOption,
  statusOption,
  time,
  userOption,
  whereOption,
  wholeNumber,
} from './values.ts';
import type { Parent, RunCommand } from './parent.ts';

export function defineEventCommands(program: Parent, run: RunCommand): void {
  defineSend(program, run);
  defineTail(program, run);
  defineChain(program, run);
  defineEvents(program, run);
}

function defineSend(program: Parent, run: RunCommand): void {
  const send = program
    .command('send')
    .summary('send events')
    .description(
      'Sends an event, or many: from a file or from standard input, one JSON object a line. Prints the id of each event and its request.',
    )
    .argument('[topic]', 'the topic, such as order.paid; with --file, that of all events')
    .argument('[payload]', 'the payload as JSON, or @FILE; default: {}')
    .option('-f, --file <path>', 'send a line of this file after the other; - is standard input')
    .option('--hash <text>', 'the deduplication key: a second send with it makes no second event')
    .option('-r, --request <id>', 'the request that the event belongs to')
    .option('--node <id>', 'the name of the event within its request')
    .option(
      '--parent <id>',
      'the event that caused this one (THROUGHLINE_JOB_ID, as a program of `worker --exec` has it)',
    )
    .option('-p, --project <name>', 'the project')
    .option('--user <name>', 'the user on whose behalf it is sent')
    .option('--sender <name>', 'the service or program that sends it')
    .option('--type <name>', 'the event type; default: events.NormalType')
    .option('--description <text>', 'a description for people')
    .option('--summary <json>', 'the few values that lists show, as a JSON object, or @FILE')
    .option('--pending', 'it is work to be done: a job of a plain queue')
    .option('--at <time>', 'publish it at this time, or after a duration such as 2h', time(1))
    .option('--priority <number>', 'the higher, the earlier it is claimed', wholeNumber(-100, 100))
    .option('--transient', 'reach whoever is connected, and store nothing')
    .option(
      '--concurrency <number>',
      'requests at once with --file; more than 1 may change the order',
      wholeNumber(1, 64),
    )
    .option(
      '--retry-for <duration>',
      'how long to try again while the gateway is away; default: 0s, with --file 30s',
      durationMs,
    )
    .action((topic, payload, options) =>
      run(async (session) =>
        (await import('../commands/send.ts')).send(session, { topic, payload, ...options }),
      ),
    );
  withExamples(send, [
    [`throughline send order.paid '{"total": 39.8}' --hash order-1041`, 'send an event, once'],
    ['throughline send invoice.write @order.json --pending', 'add a job to a queue, its payload from a file'],
    [
      'throughline send --file events.ndjson',
      'send each line, such as {"topic": "order.paid", "payload": {"total": 1}}',
    ],
    [
      "jq -c '.orders[]' export.json | throughline send order.paid --file -",
      'send each line as the payload of an event',
    ],
  ]);
}

function defineTail(program: Parent, run: RunCommand): void {
  const tail = program
    .command('tail')
    .summary('follow events live')
    .description(
      'Prints each change of the selected events as it is committed, once and in order, also across reconnects and restarts of the gateway.',
    )
    .argument('[topics...]', "only events with these topics, such as 'order.*'")
    .addOption(statusOption())
    .addOption(projectOption())
    .addOption(senderOption())
    .addOption(userOption())
    .addOption(requestOption())
    .addOption(whereOption())
    .option('-k, --kind <kinds>', 'only these changes: created, status, updated, deleted, transient', list)
    .option(
      '-a, --after <position>',
      'begin after this position of the log; 0 is its beginning. Default: now',
    )
    .option('--position-file <path>', 'begin after the position in this file, and keep it there')
    .option('-n, --limit <number>', 'end after so many changes', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .option('--no-payload', 'leave payloads out')
    .action((topics, options) =>
      run(async (session) => (await import('../commands/tail.ts')).tail(session, { topics, ...options })),
    );
  withExamples(tail, [
    ["throughline tail 'order.*'", 'follow all topics that begin with order.'],
    ["throughline tail order.paid --where 'data.total > 100'", 'follow large orders'],
    ['throughline tail --status failed --after 0 --json', 'replay all failures, then follow, as JSON lines'],
    ['throughline tail --position-file seen --json >> log.ndjson', 'go on where the last run ended'],
  ]);
}

function defineChain(program: Parent, run: RunCommand): void {
  const chain = program
    .command('chain')
    .summary('show what a request caused')
    .description('Prints the tree of the events of a request, with their statuses, durations and errors.')
    .argument('<request>', 'the id of the request')
    .option('-f, --follow', 'go on as the request does, until Ctrl+C')
    .option('--ids', 'print the ids of the events')
    .action((request, options) =>
      run(async (session) => (await import('../commands/chain.ts')).chain(session, { request, ...options })),
    );
  withExamples(chain, [
    ['throughline chain order-1041', 'print the tree'],
    ['throughline chain order-1041 --follow', 'watch it grow'],
  ]);
}

function defineEvents(program: Parent, run: RunCommand): void {
  const events = program
    .command('events')
    .summary('list events, or show one')
    .description('Lists events, newest first. With an id, shows all of one event, with its history.')
    .argument('[id]', 'the id of an event')
    .option('-t, --topic <patterns>', "only events with these topics, such as 'order.*'", list)
    .addOption(statusOption())
    .addOption(projectOption())
    .addOption(senderOption())
    .addOption(userOption())
    .addOption(requestOption())
    .addOption(whereOption())
    .option('--text <words>', 'only events with these words in topic, project, user, sender or description')
    .option(
      '--since <time>',
      'only events created after this time, or within a duration such as 2h',
      time(-1),
    )
    .option('--until <time>', 'only events created before this time, or a duration ago', time(-1))
    .option('--exhausted', 'only jobs that failed and have no retries left')
    .option('--scheduled', 'only events that are published later')
    .option('--oldest-first', 'oldest first')
    .option('-n, --limit <number>', 'list so many', wholeNumber(1, 1_000_000), 50)
    .option('--payload', 'print payloads')
    .action((id, options) =>
      run(async (session) => (await import('../commands/events.ts')).events(session, { id, ...options })),
    );
  withExamples(events, [
    ["throughline events --topic 'order.*' --since 1h", 'list the orders of the last hour'],
    ['throughline events --status failed --json', 'list failures as JSON lines'],
    ['throughline events 01939b2e-7b5c-7000-8000-000000000000', 'show an event'],
  ]);
}
