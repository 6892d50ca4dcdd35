// The reference page of the CLI, from the definitions of its commands.
import type { CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import { examplesOf } from '../../src/cli/definitions/examples.ts';
import { exitCodes } from '../../src/cli/exit-codes.ts';
import { createProgram } from '../../src/cli/program.ts';
import { variables } from '../../src/cli/settings/variables.ts';

export function cliPage(meanings: ReadonlyMap<string, string>): string {
  const program = createProgram({ version: '', run: async () => {} });
  const codes = Object.entries(exitCodes).map(([name, code]) => [String(code), meanings.get(name) ?? '']);
  const commands = leavesOf(program);
  return `# The CLI

\`npx throughline COMMAND\` sends, watches and works from a shell. Without a command, and with \`serve\`, it starts a gateway. \`--help\` after any
command prints its options and examples.

- **Standard output is data**, standard error is messages. With \`--json\` data is one JSON object per line, also where it streams, and a failure is one
  on standard error: \`{"error": {"code", "message", "hint"}}\`. The codes are those of [Errors](errors.md), and \`UNREACHABLE\`, \`TIMEOUT\`, \`USAGE\`.
- **The gateway** is that of \`--url\`, \`THROUGHLINE_URL\`, the profile of \`--profile\`, or the current profile. Otherwise it is
  \`http://127.0.0.1:4000\`, with the admin key that a gateway wrote in this folder at its first start. A profile's key is sent to its own gateway alone.
- **Durations** are numbers with a unit: \`500ms\`, \`30s\`, \`5m\`, \`2h\`, \`7d\`. **Lists** are separated by commas, or by repeating the option.
- **A person asks once**: a gateway that cannot be reached is a failure at once, with exit code ${exitCodes.unavailable}. \`tail\`, \`chain --follow\` and \`worker\` connect again by themselves.
- **Completion** of commands, options and values: \`source <(throughline completion bash)\`; there are scripts for zsh and fish as well.

| command | what it does |
| --- | --- |
${commands.map((command) => `| [\`${nameOf(command)}\`](#${anchorOf(command)}) | ${cell(command.summary())} |`).join('\n')}

## Options of all commands

${optionTable(program.options)}

## Exit codes

${table(['code', 'meaning'], codes)}

## Environment

${table(
  ['variable', 'meaning'],
  Object.entries(variables).map(([name, meaning]) => [`\`${name}\``, meaning]),
)}

${commands.map(section).join('\n')}`;
}

/** Commands that do something themselves. */
function leavesOf(command: CommandUnknownOpts): CommandUnknownOpts[] {
  const shown = command.commands.filter((sub) => !sub.name().startsWith('__') && sub.name() !== 'help');
  return shown.flatMap((sub) => (sub.commands.length > 0 ? leavesOf(sub) : [sub]));
}

function nameOf(command: CommandUnknownOpts): string {
  const { parent } = command;
  return parent?.parent ? `${nameOf(parent)} ${command.name()}` : command.name();
}

function anchorOf(command: CommandUnknownOpts): string {
  return nameOf(command).replaceAll(' ', '-');
}

function section(command: CommandUnknownOpts): string {
  const given = command.registeredArguments.map((argument) => {
    const name = `${argument.name()}${argument.variadic ? '…' : ''}`;
    const choices = argument.argChoices ? `; one of ${argument.argChoices.join(', ')}` : '';
    return [`\`${name}\`${argument.required ? '' : ' (optional)'}`, `${argument.description}${choices}`];
  });
  const aliases = command.aliases().map((alias) => `\`${alias}\``);
  const examples = examplesOf(command).map(([line, meaning]) => `# ${meaning}\n${line}`);
  const parts = [
    `## ${nameOf(command)}`,
    `${command.description()}${aliases.length > 0 ? ` Also called ${aliases.join(', ')}.` : ''}`,
    ...(given.length > 0 ? [table(['argument', 'meaning'], given)] : []),
    ...(command.options.length > 0 ? [optionTable(command.options)] : []),
    `\`\`\`text\n${examples.join('\n')}\n\`\`\``,
  ];
  return `${parts.join('\n\n')}\n`;
}

function optionTable(options: readonly Option[]): string {
  const rows = options.map(({ flags, description, defaultValue, argChoices, mandatory }) => {
    const choices = argChoices ? `; one of ${argChoices.join(', ')}` : '';
    const unit = typeof defaultValue === 'number' && isDuration(flags) ? ' ms' : '';
    const shown =
      defaultValue === undefined || typeof defaultValue === 'boolean'
        ? ''
        : `; default: ${defaultValue}${unit}`;
    return [`\`${flags}\``, `${description}${choices}${shown}${mandatory ? '; required' : ''}`];
  });
  return table(['option', 'meaning'], rows);
}

function isDuration(flags: string): boolean {
  return flags.includes('<duration>');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.map(cell).join(' | ')} |`);
  return lines.join('\n');
}

/** A bar would end the cell. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
