// Prints the schema to schema.graphql, sorted; with --check only says whether the file is up to date.
import { readFile, writeFile } from 'node:fs/promises';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { schema } from '../src/graphql/schema.ts';

const file = new URL('../schema.graphql', import.meta.url);
const printed = `${printSchema(lexicographicSortSchema(schema))}\n`;

if (!process.argv.includes('--check')) {
  await writeFile(file, printed);
} else if ((await readFile(file, 'utf8').catch(() => '')) !== printed) {
  process.stderr.write(
    'schema.graphql is not what src/graphql defines; run `npm run generate` to print it anew.\n',
  );
  process.exitCode = 1;
}
