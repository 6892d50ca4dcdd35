// `throughline schema`: declarations of topics between files and a gateway, with the changes between them.
import { pullTopics, pushTopics, readTopicFiles, writeTopicFiles } from '../../codegen/declared-topics.ts';
import { schemaChanges, type TopicChange } from '../../codegen/schema-changes.ts';
import { exitCodes } from '../exit-codes.ts';
import { Failure } from '../failure.ts';
import type { Output } from '../output/output.ts';
import { printable } from '../output/printable.ts';
import type { Session } from '../session.ts';

export async function pullSchemas(session: Session, { folder }: { readonly folder: string }): Promise<void> {
  const topics = await pullTopics(await session.client());
  await writeTopicFiles(folder, topics);
  session.output.message(`Wrote ${topics.length} declarations to ${folder}`);
}

export async function diffSchemas(session: Session, { folder }: { readonly folder: string }): Promise<void> {
  const changes = await changesOf(session, folder);
  await print(session.output, changes);
  refuseBreaking(changes, 'Readers and senders of these topics must be changed first.');
}

export async function pushSchemas(
  session: Session,
  given: { readonly folder: string; readonly force?: true | undefined; readonly dryRun?: true | undefined },
): Promise<void> {
  const { output } = session;
  const changes = await changesOf(session, given.folder);
  await print(output, changes);
  if (!given.force)
    refuseBreaking(changes, 'Nothing was declared. Give --force to declare them all the same.');
  if (given.dryRun || changes.length === 0) return;
  const changed = new Set(changes.map(({ topic }) => topic));
  const topics = (await readTopicFiles(given.folder)).filter(({ name }) => changed.has(name));
  await pushTopics(await session.client(), topics);
  output.message(`Declared ${topics.length} topics`);
}

async function changesOf(session: Session, folder: string): Promise<TopicChange[]> {
  const files = await readTopicFiles(folder);
  if (files.length === 0)
    throw new Failure(`There are no declarations in ${folder}.`, {
      hint: 'Write one as NAME.json, or run `throughline schema pull`.',
    });
  return schemaChanges(await pullTopics(await session.client()), files);
}

async function print(output: Output, changes: readonly TopicChange[]): Promise<void> {
  const { paint } = output;
  for (const change of changes) {
    const { topic, path, message, isBreaking } = change;
    if (output.isJson) await output.json(change);
    else {
      const mark = isBreaking ? paint('red', 'breaks') : paint('green', 'ok    ');
      await output.line(
        `${mark}  ${paint('bold', topic)}  ${printable([path, message].filter(Boolean).join(' '))}`,
      );
    }
  }
  if (changes.length === 0) output.message('No changes');
}

function refuseBreaking(changes: readonly TopicChange[], hint: string): void {
  const count = changes.filter(({ isBreaking }) => isBreaking).length;
  if (count === 0) return;
  throw new Failure(`${count} ${count === 1 ? 'change breaks' : 'changes break'} senders or readers.`, {
    exitCode: exitCodes.incomplete,
    code: 'BREAKING_CHANGES',
    hint,
  });
}
