// `throughline tail`: the changes of selected events as they come, resumed after disconnects.
import { readFile, rename, writeFile } from 'node:fs/promises';
import { type ChangeKind, PositionDocument } from '../../../generated/client/graphql.ts';
import type { EventChange, StreamState } from '../../client/client.ts';
import type { Status } from '../definitions/values.ts';
import { exitCodes } from '../exit-codes.ts';
import { Failure, usageError } from '../failure.ts';
import { eventLine } from '../output/event-lines.ts';
import type { Output } from '../output/output.ts';
import { askOnce, interruption, type Session } from '../session.ts';

export interface TailArguments {
  readonly topics: readonly string[];
  readonly status?: readonly Status[] | undefined;
  readonly project?: readonly string[] | undefined;
  readonly sender?: readonly string[] | undefined;
  readonly user?: readonly string[] | undefined;
  readonly request?: readonly string[] | undefined;
  readonly where?: string | undefined;
  readonly kind?: readonly string[] | undefined;
  readonly after?: string | undefined;
  readonly positionFile?: string | undefined;
  readonly limit?: number | undefined;
  readonly payload: boolean;
}

const kinds = ['CREATED', 'STATUS', 'UPDATED', 'DELETED', 'TRANSIENT'];

export async function tail(session: Session, given: TailArguments): Promise<void> {
  const { output } = session;
  const client = await session.client();
  const places = given.positionFile === undefined ? undefined : new PositionFile(given.positionFile);
  // Asked once first: a wrong URL or key is a failure, not something to wait for.
  const { position: end } = await client.query(PositionDocument, {}, askOnce);
  let position = given.after ?? (await places?.read()) ?? end;
  const { signal, release } = interruption();
  const changes = client.watch({
    ...selectionOf(given),
    after: position,
    payload: given.payload,
    signal,
    onState: stateMessages(output),
  });
  let left = given.limit ?? Infinity;
  try {
    for await (const change of changes) {
      await print(output, change, given.payload);
      if (change.position) places?.keep((position = change.position));
      left -= 1;
      if (left <= 0) break;
    }
  } finally {
    release();
    await places?.close();
  }
  if (!signal.aborted) return;
  if (output.isTerminal) output.message(`\nGo on with --after ${position}`);
  throw new Failure('', { exitCode: exitCodes.interrupted });
}

function selectionOf(given: TailArguments) {
  const { topics, status, project, sender, user, request, where, kind } = given;
  const named = kind?.map((name) => name.toUpperCase());
  const wrong = named?.find((name) => !kinds.includes(name));
  if (wrong !== undefined)
    throw usageError(`${wrong} is no kind of change.`, `Kinds: ${kinds.join(', ').toLowerCase()}.`);
  if (given.after !== undefined && !/^\d{1,19}$/.test(given.after))
    throw usageError('--after takes a position of the log, such as 0 or 1042.');
  return {
    filter: {
      ...(topics.length > 0 && { topics }),
      ...(status && { statuses: status }),
      ...(project && { projects: project }),
      ...(sender && { senders: sender }),
      ...(user && { users: user }),
      ...(request && { requestIds: request }),
    },
    ...(where !== undefined && { where }),
    ...(named && { kinds: named as ChangeKind[] }),
  };
}

async function print(output: Output, change: EventChange, payload: boolean): Promise<void> {
  if (output.isJson) return output.json(change);
  const { event, at, status, kind } = change;
  const label = kind === 'STATUS' || kind === 'CREATED' ? status : kind;
  await output.line(eventLine(output, event, { at, status, label, payload }));
}

/** Says when the connection was lost, and when it is back. */
export function stateMessages(output: Output): (state: StreamState) => void {
  let isLost = false;
  return (state) => {
    if (state.status === 'reconnecting' && !isLost) {
      isLost = true;
      output.message(`throughline: ${state.error?.message ?? 'The connection was lost.'} Connecting again…`);
    }
    if (state.status === 'connected' && isLost) {
      isLost = false;
      output.message('throughline: Connected again.');
    }
  };
}

/** Keeps the last position that was printed, so that the next run goes on there. A run that is killed may repeat some. */
class PositionFile {
  readonly #path: string;
  #position: string | undefined;
  #writing: Promise<void> | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  async read(): Promise<string | undefined> {
    const text = await readFile(this.#path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    const position = text.trim();
    if (position === '') return undefined;
    if (/^\d{1,19}$/.test(position)) return position;
    throw usageError(`${this.#path} holds no position of a log.`, 'Remove it, or name another file.');
  }

  keep(position: string): void {
    this.#position = position;
    this.#writing ??= this.#write().finally(() => (this.#writing = undefined));
  }

  async close(): Promise<void> {
    while (this.#writing) await this.#writing;
  }

  async #write(): Promise<void> {
    while (this.#position !== undefined) {
      const text = `${this.#position}\n`;
      this.#position = undefined;
      const draft = `${this.#path}.new`;
      await writeFile(draft, text);
      await rename(draft, this.#path);
    }
  }
}
