// The examples of commands: shown by --help and in docs/reference/cli.md.

/** A command line, and what it does. */
export type Example = readonly [line: string, meaning: string];

interface Described {
  addHelpText(position: 'after', text: string): unknown;
}

const examples = new WeakMap<object, readonly Example[]>();

export function withExamples<Given extends Described>(command: Given, given: readonly Example[]): Given {
  examples.set(command, given);
  const lines = given.map(([line, meaning]) => `  # ${meaning}\n  ${line}`);
  command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
  return command;
}

export function examplesOf(command: object): readonly Example[] {
  return examples.get(command) ?? [];
}
