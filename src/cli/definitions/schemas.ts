// The commands for typed topics: codegen, and schema push, pull and diff.
import { withExamples } from './examples.ts';
import type { Parent, RunCommand } from './parent.ts';

export function defineSchemaCommands(program: Parent, run: RunCommand): void {
  const codegen = program
    .command('codegen')
    .summary('write TypeScript types of the declared topics')
    .description(
      'Writes an interface with the payload and the summary of each declared topic, for createClient<Topics>. With --from, no gateway is needed.',
    )
    .option('-o, --out <path>', 'the file to write; default: standard output')
    .option('--from <folder>', 'read declarations from the files of `schema pull` instead')
    .option('--check', 'write nothing, and fail if the file is not up to date')
    .action((options) =>
      run(async (session) => (await import('../commands/codegen.ts')).codegen(session, options)),
    );
  withExamples(codegen, [
    ['throughline codegen --out order-topics.ts', 'write the types'],
    ['throughline codegen --from topics --out order-topics.ts --check', 'hold them in CI'],
  ]);
  defineSchema(program, run);
}

function defineSchema(program: Parent, run: RunCommand): void {
  const schema = program
    .command('schema')
    .summary('declare topics from files')
    .description(
      'Declarations of topics as files, one `NAME.json` each: title, description, payloadSchema, summarySchema.',
    );
  const load = () => import('../commands/schema.ts');
  const pull = schema
    .command('pull')
    .summary('write the declarations of the gateway to files')
    .description('Writes a file per declared topic. Files of other topics stay as they are.')
    .argument('<folder>', 'the folder of the files')
    .action((folder) => run(async (session) => (await load()).pullSchemas(session, { folder })));
  withExamples(pull, [['throughline schema pull topics/', 'write the files']]);
  const push = schema
    .command('push')
    .summary('declare the topics of files at the gateway')
    .description(
      'Shows the changes and declares the topics. Breaking changes need --force. Other topics stay as they are.',
    )
    .argument('<folder>', 'the folder of the files')
    .option('--force', 'also with breaking changes')
    .option('--dry-run', 'only show the changes')
    .action((folder, options) =>
      run(async (session) => (await load()).pushSchemas(session, { folder, ...options })),
    );
  withExamples(push, [['throughline schema push topics/', 'declare the topics']]);
  const diff = schema
    .command('diff')
    .summary('compare files with the gateway')
    .description('Prints what a push would change. Breaking changes end it with exit code 6.')
    .argument('<folder>', 'the folder of the files')
    .action((folder) => run(async (session) => (await load()).diffSchemas(session, { folder })));
  withExamples(diff, [['throughline schema diff topics/', 'hold compatibility in CI']]);
}
