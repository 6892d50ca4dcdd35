// `throughline send`: one event from arguments, or many from the lines of a file or of standard input.
import type { Client, EventInput, SendResult } from '../../client/client.ts';
import type { SendEventInput } from '../../../generated/client/graphql.ts';
import { exitCodes } from '../exit-codes.ts';
import { Failure, usageError } from '../failure.ts';
import { jsonArgument, type JsonObject, jsonObject } from '../input/json-value.ts';
import { type Lines, readLines } from '../input/lines.ts';
import { ProgressBar } from '../output/progress-bar.ts';
import { printable } from '../output/printable.ts';
import type { Session } from '../session.ts';

export interface SendArguments {
  readonly topic?: string | undefined;
  readonly payload?: string | undefined;
  readonly file?: string | undefined;
  readonly hash?: string | undefined;
  readonly request?: string | undefined;
  readonly node?: string | undefined;
  readonly parent?: string | undefined;
  readonly project?: string | undefined;
  readonly user?: string | undefined;
  readonly sender?: string | undefined;
  readonly type?: string | undefined;
  readonly description?: string | undefined;
  readonly summary?: string | undefined;
  readonly pending?: true | undefined;
  readonly at?: string | undefined;
  readonly priority?: number | undefined;
  readonly transient?: true | undefined;
  readonly concurrency?: number | undefined;
  readonly retryFor?: number | undefined;
}

type Fields = Omit<SendEventInput, 'topic' | 'payload' | 'summary' | 'kwargs'>;
type Input = EventInput<Record<string, { payload: JsonObject; summary: JsonObject }>>;

/** Refused events that are printed one by one. */
const shownErrors = 20;
const bulkRetryMs = 30_000;

export async function send(session: Session, given: SendArguments): Promise<void> {
  const client = await session.client();
  const file = given.file ?? (given.topic === undefined && !process.stdin.isTTY ? '-' : undefined);
  if (file !== undefined) return sendLines(session, client, { ...given, file });
  const { topic, payload = '{}', summary } = given;
  if (topic === undefined)
    throw usageError(
      'There is nothing to send.',
      'Give a topic and a payload: throughline send order.paid \'{"total": 39.8}\'',
    );
  const { output } = session;
  const sent = await client.send(topic, await jsonArgument('The payload', payload), {
    ...fieldsOf(given),
    ...(summary !== undefined && { summary: await jsonArgument('The summary', summary) }),
    retryForMs: given.retryFor ?? 0,
  });
  const { id, requestId, duplicate } = sent;
  await output.result(sent, () => `${id} ${printable(requestId)}${duplicate ? ' duplicate' : ''}`);
}

/** With what the options say of each event. */
function fieldsOf(given: SendArguments): Fields {
  const { hash, request, node, project, user, sender, type, description, pending, at, priority, transient } =
    given;
  // What a program of `worker --exec` sends is a child of its job.
  const parent = given.parent ?? (process.env.THROUGHLINE_JOB_ID || undefined);
  return {
    ...(hash !== undefined && { hash }),
    ...(request !== undefined && { requestId: request }),
    ...(node !== undefined && { nodeId: node }),
    ...(parent !== undefined && { dependsOn: parent }),
    ...(project !== undefined && { project }),
    ...(user !== undefined && { user }),
    ...(sender !== undefined && { sender }),
    ...(type !== undefined && { eventType: type }),
    ...(description !== undefined && { description }),
    ...(pending && { finished: false }),
    ...(at !== undefined && { sendAt: at }),
    ...(priority !== undefined && { priority }),
    ...(transient && { store: false }),
  };
}

async function sendLines(
  session: Session,
  client: Client,
  given: SendArguments & { file: string },
): Promise<void> {
  if (given.payload !== undefined) throw usageError('Give either a payload or --file.');
  if (given.hash !== undefined || given.node !== undefined)
    throw usageError(
      'With --file, each line has its own hash and nodeId.',
      'Write them into the lines: {"topic": …, "hash": …}.',
    );
  const lines = await readLines(given.file);
  const numbers: number[] = [];
  const { concurrency = 1, retryFor = bulkRetryMs } = given;
  const results = client.sendMany(eventsOf(lines, given, numbers), { concurrency, retryForMs: retryFor });
  const tally = await printResults(session, results, { lines, numbers });
  const { sent, duplicates, refused } = tally;
  session.output.message(`${sent} sent, ${duplicates} duplicates, ${refused} refused`);
  if (refused > 0) throw new Failure('', { exitCode: exitCodes.incomplete });
}

/** The number of each line is kept until its result is there. */
async function* eventsOf({ lines }: Lines, given: SendArguments, numbers: number[]): AsyncGenerator<Input> {
  const fields = fieldsOf(given);
  const summary = given.summary === undefined ? undefined : await jsonArgument('The summary', given.summary);
  for await (const { number, text } of lines) {
    const value = jsonObject(`Line ${number}`, text);
    numbers.push(number);
    const event = given.topic === undefined ? value : { topic: given.topic, payload: value };
    yield { ...fields, ...(summary && { summary }), ...event } as unknown as Input;
  }
}

interface Tally {
  readonly sent: number;
  readonly duplicates: number;
  readonly refused: number;
}

async function printResults(
  { output }: Session,
  results: AsyncIterable<SendResult>,
  { lines, numbers }: { readonly lines: Lines; readonly numbers: number[] },
): Promise<Tally> {
  const tally = { sent: 0, duplicates: 0, refused: 0 };
  const bar = new ProgressBar(output);
  const { totalBytes, readBytes } = lines;
  try {
    for await (const { index: _index, error, ...result } of results) {
      const line = numbers.shift()!;
      tally[error ? 'refused' : result.duplicate ? 'duplicates' : 'sent'] += 1;
      if (error) {
        const { code, message } = error;
        if (output.isJson) await output.json({ line, error: { code, message } });
        else if (tally.refused <= shownErrors) {
          bar.clear();
          output.message(`line ${line}: ${printable(message)} (${code})`);
        } else if (tally.refused === shownErrors + 1)
          output.message('Further refused lines are only counted.');
      } else if (output.isJson) await output.json({ line, ...result });
      else if (!output.isTerminal) await output.line(`${result.id} ${printable(result.requestId ?? '')}`);
      const done = tally.sent + tally.duplicates + tally.refused;
      const part = totalBytes ? readBytes() / totalBytes : undefined;
      bar.update((ms) => `${done} events, ${Math.round((done * 1_000) / Math.max(ms, 1))}/s`, part);
    }
  } finally {
    bar.clear();
  }
  return tally;
}
