// The commands of the CLI: their names, arguments, options and examples. What they do is loaded when they run.
import { Command } from '@commander-js/extra-typings';
import { defineControlCommands } from './definitions/control.ts';
import { defineEventCommands } from './definitions/events.ts';
import { defineJobCommands } from './definitions/jobs.ts';
import { defineSchemaCommands } from './definitions/schemas.ts';
import { defineSetupCommands } from './definitions/setup.ts';
import { withExamples } from './definitions/examples.ts';
import type { RunCommand } from './definitions/parent.ts';

export interface ProgramParts {
  readonly version: string;
  readonly run: RunCommand;
}

export function createProgram(parts: ProgramParts) {
  const program = new Command('throughline')
    .description(
      'Sends, watches and works on events of a Throughline gateway; without a command, starts one.',
    )
    .version(parts.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .option('--url <url>', 'the gateway (THROUGHLINE_URL; default: http://127.0.0.1:4000)')
    .option('--key <key>', 'the API key or token (THROUGHLINE_KEY)')
    .option('--profile <name>', 'a gateway and key that `throughline login` stored (THROUGHLINE_PROFILE)')
    .option('--json', 'print JSON: one line, or one line per item')
    .option('--no-color', 'print no colours (NO_COLOR); without a terminal there are none')
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('Run it with --help for its options and examples.')
    .exitOverride();
  withExamples(program, [
    ['throughline', 'start a gateway in this folder, with the embedded database'],
    [`throughline send order.paid '{"total": 39.8}'`, 'send an event'],
    ["throughline tail 'order.*'", 'follow events'],
  ]);
  defineEventCommands(program, parts.run);
  defineJobCommands(program, parts.run);
  defineControlCommands(program, parts.run);
  defineSchemaCommands(program, parts.run);
  defineSetupCommands(program, parts.run);
  return program;
}

export type Program = ReturnType<typeof createProgram>;
