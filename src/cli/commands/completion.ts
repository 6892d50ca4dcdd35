// `throughline completion`: scripts for shells, and the words that they ask for.
import type { CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import { statuses } from '../definitions/values.ts';
import { readProfiles } from '../settings/profiles.ts';
import type { Session } from '../session.ts';

const scripts = {
  bash: `_throughline() {
  local IFS=$'\\n'
  COMPREPLY=($(throughline __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _throughline throughline
`,
  zsh: `#compdef throughline
_throughline() {
  local -a found
  found=("\${(@f)$(throughline __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "$found" ]]; then compadd -- "\${found[@]}"; else _files; fi
}
compdef _throughline throughline
`,
  fish: `function __throughline_complete
  set -l words (commandline -opc) (commandline -ct)
  throughline __complete -- $words[2..-1] 2>/dev/null
end
complete -c throughline -a '(__throughline_complete)'
`,
} as const;

export async function completion(
  { output }: Session,
  { shell }: { readonly shell: keyof typeof scripts },
): Promise<void> {
  await output.raw(scripts[shell]);
}

/** Prints the words that can stand for the last one, a line each. */
export async function printCompletions(
  { output }: Session,
  program: CommandUnknownOpts,
  words: readonly string[],
): Promise<void> {
  const found = await completionsOf(program, words);
  if (found.length > 0) await output.line(found.join('\n'));
}

export async function completionsOf(
  program: CommandUnknownOpts,
  words: readonly string[],
): Promise<string[]> {
  const typed = words.slice(0, -1);
  const current = words.at(-1) ?? '';
  let command = program;
  let before: Option | undefined;
  let given = 0;
  for (const word of typed) {
    const option = optionNamed(command, program, word);
    if (before) before = undefined;
    else if (word.startsWith('-')) before = option && takesValue(option) ? option : undefined;
    else {
      const next = command.commands.find((sub) => sub.name() === word || sub.aliases().includes(word));
      if (next) command = next;
      else given += 1;
    }
  }
  const candidates = before
    ? await valuesOf(before)
    : current.startsWith('-')
      ? optionsOf(command, program)
      : [...commandsOf(command), ...(command.registeredArguments[given]?.argChoices ?? [])];
  return candidates.filter((candidate) => candidate.startsWith(current));
}

function optionNamed(
  command: CommandUnknownOpts,
  program: CommandUnknownOpts,
  word: string,
): Option | undefined {
  return [...command.options, ...program.options].find(({ long, short }) => word === long || word === short);
}

function takesValue({ required, optional }: Option): boolean {
  return required || optional;
}

function optionsOf(command: CommandUnknownOpts, program: CommandUnknownOpts): string[] {
  const all = [...command.options, ...(command === program ? [] : program.options)];
  return [...all.map(({ long }) => long ?? ''), '--help'].filter(
    (name) => name !== '' && name !== '--version',
  );
}

function commandsOf(command: CommandUnknownOpts): string[] {
  return command.commands.map((sub) => sub.name()).filter((name) => !name.startsWith('__'));
}

async function valuesOf({ long, argChoices }: Option): Promise<readonly string[]> {
  if (argChoices) return argChoices;
  if (long === '--status') return statuses.map((status) => status.toLowerCase());
  if (long === '--profile')
    return Object.keys((await readProfiles().catch(() => ({ profiles: {} }))).profiles);
  return [];
}
