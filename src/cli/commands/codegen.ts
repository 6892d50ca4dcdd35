// `throughline codegen`: TypeScript types of declared topics.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pullTopics, readTopicFiles } from '../../codegen/declared-topics.ts';
import { topicTypes } from '../../codegen/topic-types.ts';
import { exitCodes } from '../exit-codes.ts';
import { Failure, usageError } from '../failure.ts';
import type { Session } from '../session.ts';

export interface CodegenArguments {
  readonly out?: string | undefined;
  readonly from?: string | undefined;
  readonly check?: true | undefined;
}

export async function codegen(session: Session, { out, from, check }: CodegenArguments): Promise<void> {
  const topics = from === undefined ? await pullTopics(await session.client()) : await readTopicFiles(from);
  const text = await topicTypes(topics);
  if (check && out === undefined) throw usageError('--check needs --out.');
  if (out === undefined) return session.output.raw(text);
  if (check) {
    if ((await readFile(out, 'utf8').catch(() => undefined)) === text) return;
    throw new Failure(`${out} is not up to date.`, {
      exitCode: exitCodes.incomplete,
      code: 'OUT_OF_DATE',
      hint: 'Run the same command without --check.',
    });
  }
  await mkdir(dirname(out), { recursive: true });
  await writeFile(out, text);
  session.output.message(`Wrote the types of ${topics.length} topics to ${out}`);
}
