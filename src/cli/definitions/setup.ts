// The commands around a gateway and this program: serve, doctor, login, logout, completion.
import { Argument } from '@commander-js/extra-typings';
import { withExamples } from './examples.ts';
import type { Parent, RunCommand } from './parent.ts';
import { wholeNumber } from './values.ts';

export const shells = ['bash', 'zsh', 'fish'] as const;

export function defineSetupCommands(program: Parent, run: RunCommand): void {
  const serve = program
    .command('serve')
    .summary('start a gateway')
    .description(
      'Starts a gateway, as `throughline` without a command does. Its settings are environment variables: docs/reference/settings.md has all.',
    )
    .option('--port <number>', 'the port (PORT); 0: any free one', wholeNumber(0, 65_535))
    .option('--host <address>', 'the address to listen at (HOST)')
    .option('--data <folder>', 'the folder of the embedded database (THROUGHLINE_DATA)')
    .option('--database-url <url>', 'a Postgres server instead (DATABASE_URL)')
    .option('--app <folder>', 'the app folder with handlers (THROUGHLINE_APP)')
    .action(async (options) => (await import('../commands/serve.ts')).serve(options));
  withExamples(serve, [
    ['throughline serve', 'start one on port 4000, with the embedded database'],
    [
      'throughline serve --port 5000 --data /var/lib/throughline',
      'at another port, with a folder of its own',
    ],
  ]);
  const doctor = program
    .command('doctor')
    .summary('check a gateway and its database')
    .description(
      'Checks that the gateway can be reached, its clock, the key, and versions. With the URL of its database, or with the folder of an embedded one that no gateway uses, also settings, encoding, migrations and dead rows. Problems end it with exit code 6.',
    )
    .option('--database-url <url>', 'the Postgres server ')
    .option('--data <folder>', 'the data folder of the embedded database')
    .action((options) =>
      run(async (session) => (await import('../commands/doctor.ts')).doctor(session, options)),
    );
  withExamples(doctor, [
    ['throughline doctor', 'check the gateway'],
    ['throughline doctor --database-url "$DATABASE_URL"', 'and its database'],
  ]);
  defineLogin(program, run);
  defineCompletion(program, run);
}

function defineCompletion(program: Parent, run: RunCommand): void {
  const completion = program
    .command('completion')
    .summary('print a script that completes commands and options')
    .description('Prints a script for a shell that completes commands, options and their values.')
    .addArgument(new Argument('<shell>', 'the shell').choices(shells))
    .action((shell) =>
      run(async (session) => (await import('../commands/completion.ts')).completion(session, { shell })),
    );
  withExamples(completion, [
    ['source <(throughline completion bash)', 'for this shell'],
    ['throughline completion fish > ~/.config/fish/completions/throughline.fish', 'for good'],
  ]);
  program
    .command('__complete', { hidden: true })
    .argument('[words...]')
    .action((words) =>
      run(async (session) =>
        (await import('../commands/completion.ts')).printCompletions(session, program, words),
      ),
    );
}

function defineLogin(program: Parent, run: RunCommand): void {
  const load = () => import('../commands/login.ts');
  const login = program
    .command('login')
    .summary('store a gateway and its key')
    .description(
      'Checks a key at a gateway, and stores both as a profile in the configuration folder of the user (XDG_CONFIG_HOME), which only its owner can read. The key is read from --key, THROUGHLINE_KEY, the terminal or standard input.',
    )
    .option('--list', 'list the profiles')
    .option('--use', 'make an earlier profile the current one')
    .action((options) => run(async (session) => (await load()).login(session, options)));
  withExamples(login, [
    [
      'throughline login --url https://events.example',
      'ask for the key, and store it as the profile default',
    ],
    [
      'throughline login --profile staging --url https://staging.example < key.txt',
      'another profile, its key from a file',
    ],
    ['throughline tail --profile staging', 'use it'],
  ]);
  const logout = program
    .command('logout')
    .summary('remove a stored profile')
    .description('Removes a profile; the current one unless --profile names another.')
    .action(() => run(async (session) => (await load()).logout(session)));
  withExamples(logout, [['throughline logout --profile staging', 'remove one']]);
}
