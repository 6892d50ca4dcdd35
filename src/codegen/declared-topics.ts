// Declarations of topics: read from a gateway, from files, and written to either. Used by `throughline schema`.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '../client/client.ts';
import {
  DeclareTopicDocument,
  type DeclareTopicInput,
  TopicsDocument,
} from '../../generated/client/graphql.ts';

/** As DeclareTopicInput, and as the files hold it: `NAME.json`, one topic each. */
export interface DeclaredTopic {
  readonly name: string;
  readonly title?: string | null;
  readonly description?: string | null;
  readonly payloadSchema?: unknown;
  readonly summarySchema?: unknown;
}

const extension = '.json';

/** The topics that are declared at the gateway, by name. */
export async function pullTopics(client: Pick<Client, 'query'>): Promise<DeclaredTopic[]> {
  const { topics } = await client.query(TopicsDocument, {});
  return topics
    .filter(({ declared }) => declared)
    .map(({ declared: _declared, ...topic }) => withoutNulls(topic))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Declares these topics; others stay as they are. */
export async function pushTopics(
  client: Pick<Client, 'mutate'>,
  topics: readonly DeclaredTopic[],
): Promise<void> {
  // A declaration replaces the one before, so that it can be repeated.
  for (const input of topics)
    await client.mutate(DeclareTopicDocument, { input: input as DeclareTopicInput }, { retryForMs: 30_000 });
}

/** Reads each `*.json` of the folder. An Error names the file that is at fault. */
export async function readTopicFiles(folder: string): Promise<DeclaredTopic[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(extension)).sort();
  return Promise.all(
    files.map(async (file) => {
      const path = join(folder, file);
      const topic = parse(path, await readFile(path, 'utf8'));
      const name = file.slice(0, -extension.length);
      if (topic.name !== undefined && topic.name !== name)
        throw new Error(`${path} declares ${topic.name}: name the file ${topic.name}${extension}.`);
      return { ...topic, name };
    }),
  );
}

/** Writes a file per topic. Files of other topics stay as they are. */
export async function writeTopicFiles(folder: string, topics: readonly DeclaredTopic[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const topic of topics)
    await writeFile(join(folder, `${topic.name}${extension}`), `${JSON.stringify(topic, null, 2)}\n`);
}

function parse(path: string, text: string): Partial<DeclaredTopic> {
  let topic: unknown;
  try {
    topic = JSON.parse(text);
  } catch (error) {
    throw new Error(`${path} is not JSON: ${(error as Error).message}`, { cause: error });
  }
  if (typeof topic !== 'object' || topic === null || Array.isArray(topic))
    throw new Error(`${path} is not an object like {"title": "…", "payloadSchema": {…}}.`);
  return topic;
}

function withoutNulls(topic: DeclaredTopic): DeclaredTopic {
  return Object.fromEntries(
    Object.entries(topic).filter(([, value]) => value !== null),
  ) as unknown as DeclaredTopic;
}
