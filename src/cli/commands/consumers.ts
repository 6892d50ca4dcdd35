// `throughline consumers`: the table of consumers with their backlogs, once or again and again; pause and resume.
import { PauseConsumerDocument, ResumeConsumerDocument } from '../../../generated/client/graphql.ts';
import type { Client } from '../../client/client.ts';
import { isTemporary } from '../../client/errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { Failure, usageError } from '../failure.ts';
import { age } from '../output/durations.ts';
import type { Output } from '../output/output.ts';
import { Screen } from '../output/screen.ts';
import { askOnce, interruption, type Session } from '../session.ts';
import { pause } from './chain.ts';
import { type Consumer, consumersNamed, listConsumers, nameOf } from './find-consumer.ts';

export interface ConsumersArguments {
  readonly names: readonly string[];
  readonly watch?: true | undefined;
  readonly every: number;
  readonly pause?: true | undefined;
  readonly resume?: true | undefined;
}

export async function consumers(session: Session, given: ConsumersArguments): Promise<void> {
  const client = await session.client();
  if (given.pause || given.resume) return steer(session, client, given);
  if (given.watch) return watch(session, client, given);
  const found = await select(client, given.names);
  await print(session.output, found);
}

async function select(client: Client, names: readonly string[]): Promise<Consumer[]> {
  const all = await listConsumers(client);
  return names.length === 0 ? all : consumersNamed(all, names);
}

async function print(output: Output, found: readonly Consumer[]): Promise<void> {
  if (output.isJson) for (const consumer of found) await output.json(consumer);
  else await output.line(tableOf(output, found));
}

function tableOf(output: Output, found: readonly Consumer[]): string {
  if (found.length === 0) return 'No consumers. One is made when a worker first asks for jobs.';
  const now = Date.now();
  const right = (title: string) => ({ title, align: 'right' }) as const;
  return output.table(
    [
      { title: 'consumer' },
      { title: 'target' },
      ...['waiting', 'ready', 'held', 'retrying', 'exhausted', 'oldest', 'workers'].map(right),
      { title: 'sources' },
    ],
    found.map((consumer) => {
      const { targetTopic, backlog, workers, paused, sourceTopics } = consumer;
      const { waiting, ready, held, retrying, exhausted, oldestWaitingAt, isExact } = backlog;
      return [
        `${nameOf(consumer)}${paused ? ' (paused)' : ''}`,
        targetTopic,
        isExact ? waiting : `≥ ${waiting}`,
        ...[ready, held, retrying, exhausted],
        age(oldestWaitingAt, now),
        workers.length,
        sourceTopics?.join(', ') ?? '(queue)',
      ];
    }),
  );
}

async function watch(
  { output }: Session,
  client: Client,
  { names, every }: ConsumersArguments,
): Promise<void> {
  const { signal, release } = interruption();
  const screen = new Screen(output);
  let isFirst = true;
  try {
    for (; !signal.aborted; await pause(every, signal)) {
      try {
        const found = await select(client, names);
        if (output.isTerminal) await screen.draw(tableOf(output, found).split('\n'));
        else await print(output, found);
        isFirst = false;
      } catch (error) {
        if (isFirst || !isTemporary(error)) throw error;
        output.message(`throughline: ${(error as Error).message}`);
      }
    }
  } finally {
    release();
  }
  throw new Failure('', { exitCode: exitCodes.interrupted });
}

async function steer({ output }: Session, client: Client, given: ConsumersArguments): Promise<void> {
  if (given.names.length === 0)
    throw usageError('Name the consumers to pause or resume.', '`throughline consumers` lists them.');
  if (given.pause && given.resume) throw usageError('Give either --pause or --resume.');
  for (const consumer of await select(client, given.names)) {
    const { id } = consumer;
    if (given.pause) await client.mutate(PauseConsumerDocument, { id }, askOnce);
    else await client.mutate(ResumeConsumerDocument, { id }, askOnce);
    const result = { id: consumer.id, name: consumer.name, paused: given.pause ?? false };
    await output.result(result, ({ paused }) => `${nameOf(consumer)} ${paused ? 'is paused' : 'runs'}`);
  }
}
