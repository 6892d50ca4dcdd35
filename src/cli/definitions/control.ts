// The commands for keys, triggers and topics.
import { Option } from '@commander-js/extra-typings';
import { scopePresets } from '../../domain/access/scopes.ts';
import { withExamples } from './examples.ts';
import type { Parent, RunCommand } from './parent.ts';
import { durationMs, list, time, whereOption, wholeNumber } from './values.ts';

export function defineControlCommands(program: Parent, run: RunCommand): void {
  defineKeys(program, run);
  defineTriggers(program, run);
  const topics = program
    .command('topics')
    .summary('list topics, or show one')
    .description(
      'Lists declared topics and topics of stored events. With the whole name of a declared topic, shows its schemas.',
    )
    .argument('[prefix]', 'only topics that begin with this text')
    .action((prefix) =>
      run(async (session) => (await import('../commands/topics.ts')).topics(session, { prefix })),
    );
  withExamples(topics, [
    ['throughline topics', 'list all'],
    ['throughline topics order.paid', 'show one'],
  ]);
}

const presets = Object.keys(scopePresets) as (keyof typeof scopePresets)[];

function defineKeys(program: Parent, run: RunCommand): void {
  const keys = program
    .command('keys')
    .summary('create, list, rotate and revoke API keys')
    .description('API keys. Needs the scope keys.');
  const load = () => import('../commands/keys.ts');
  const create = keys
    .command('create')
    .summary('create a key')
    .description('Creates a key, and prints its secret to standard output: it cannot be shown again.')
    .argument('<name>', 'the name under which its changes are recorded')
    .addOption(new Option('--preset <preset>', 'a common set of scopes').choices(presets))
    .option('--scope <scopes>', 'what it may do; in addition to the preset', list)
    .option('--project <names>', 'only events of these projects', list)
    .option('--topic <patterns>', 'only events with these topics', list)
    .option('--expires <time>', 'when it stops working, or after a duration such as 90d', time(1))
    .option('--rate-limit <number>', 'requests a minute', wholeNumber(1, 10_000_000))
    .action((name, options) =>
      run(async (session) => (await load()).createKey(session, { name, ...options })),
    );
  withExamples(create, [
    ['throughline keys create invoices --preset worker', 'a key for a worker'],
    [
      "throughline keys create shop --preset sender --project shop --topic 'order.*'",
      'one that sends orders of a project',
    ],
    [
      'export THROUGHLINE_KEY=$(throughline keys create ci --preset operator --expires 2h)',
      'one for two hours',
    ],
  ]);
  const listKeys = keys
    .command('list')
    .summary('list keys')
    .description('Lists keys, oldest first.')
    .option('--revoked', 'list revoked keys instead')
    .action((options) => run(async (session) => (await load()).listKeys(session, options)));
  withExamples(listKeys, [['throughline keys list', 'list the keys that work']]);
  const rotate = keys
    .command('rotate')
    .summary('give a key a new secret')
    .description('Gives a key a new secret, and prints it to standard output.')
    .argument('<key>', 'the name or the id of the key')
    .option('--grace <duration>', 'how long the old secret still works', durationMs, 0)
    .action((key, options) => run(async (session) => (await load()).rotateKey(session, { key, ...options })));
  withExamples(rotate, [
    ['throughline keys rotate shop --grace 1h', 'exchange a secret without a failed request'],
  ]);
  const revoke = keys
    .command('revoke')
    .summary('revoke a key for good')
    .description('Revokes a key for good. What it holds open ends.')
    .argument('<key>', 'the name or the id of the key')
    .option('-y, --yes', 'do not ask')
    .action((key, options) => run(async (session) => (await load()).revokeKey(session, { key, ...options })));
  withExamples(revoke, [['throughline keys revoke shop --yes', 'revoke without a question']]);
}

function defineTriggers(program: Parent, run: RunCommand): void {
  const triggers = program
    .command('triggers')
    .summary('create, list and change webhooks and schedules')
    .description('Webhooks and schedules. Needs the scope triggers.');
  const load = () => import('../commands/triggers.ts');
  const create = triggers
    .command('create')
    .summary('create a webhook or a schedule')
    .description('Creates a webhook, and prints its URL; with --cron, a schedule.')
    .argument('<name>', 'its name, the sender of its events')
    .option('--topic <topic>', 'the topic of its events; default: its name')
    .option('--cron <expression>', "when it ticks, such as '0 9 * * 1-5'")
    .option('--timezone <zone>', 'the time zone of the cron expression; default: UTC')
    .addOption(
      new Option('--signature <scheme>', 'how deliveries are signed').choices([
        'github',
        'stripe',
        'standard',
        'none',
      ] as const),
    )
    .option('--secret <secret>', 'the secret of the signature; better: THROUGHLINE_SECRET')
    .addOption(whereOption())
    .action((name, options) =>
      run(async (session) => (await load()).createTrigger(session, { name, ...options })),
    );
  withExamples(create, [
    ['THROUGHLINE_SECRET=… throughline triggers create github --signature github', 'a webhook for GitHub'],
    [
      "throughline triggers create report.daily --cron '0 6 * * *' --timezone Europe/Berlin",
      'an event each morning',
    ],
  ]);
  const listTriggers = triggers
    .command('list')
    .summary('list triggers')
    .description('Lists webhooks and schedules, by name.')
    .action(() => run(async (session) => (await load()).listTriggers(session)));
  withExamples(listTriggers, [['throughline triggers list --json', 'list them as JSON lines']]);
  for (const [name, summary] of [
    ['enable', 'enable a trigger'],
    ['disable', 'disable a trigger'],
  ] as const) {
    const change = triggers
      .command(name)
      .summary(summary)
      .description(`${summary[0]!.toUpperCase()}${summary.slice(1)}.`)
      .argument('<trigger>', 'its name or id')
      .action((trigger) =>
        run(async (session) =>
          (await load()).enableTrigger(session, { trigger, enabled: name === 'enable' }),
        ),
      );
    withExamples(change, [[`throughline triggers ${name} report.daily`, summary]]);
  }
  const remove = triggers
    .command('delete')
    .summary('delete a trigger')
    .description('Deletes a trigger. Its events stay.')
    .argument('<trigger>', 'its name or id')
    .option('-y, --yes', 'do not ask')
    .action((trigger, options) =>
      run(async (session) => (await load()).deleteTrigger(session, { trigger, ...options })),
    );
  withExamples(remove, [['throughline triggers delete github --yes', 'delete without a question']]);
}
