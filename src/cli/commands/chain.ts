// `throughline chain`: the tree of what a request caused, once or as it grows.
import { ChainDocument } from '../../../generated/client/graphql.ts';
import type { Client } from '../../client/client.ts';
import { exitCodes } from '../exit-codes.ts';
import { Failure, notFound } from '../failure.ts';
import { type Chain, chainTree } from '../output/chain-tree.ts';
import { eventLine } from '../output/event-lines.ts';
import { Screen } from '../output/screen.ts';
import { interruption, type Session } from '../session.ts';
import { stateMessages } from './tail.ts';

export interface ChainArguments {
  readonly request: string;
  readonly follow?: true | undefined;
  readonly ids?: true | undefined;
}

/** The tree is drawn at most so often, in milliseconds. */
const redrawMs = 200;

export async function chain(session: Session, given: ChainArguments): Promise<void> {
  const { output } = session;
  const client = await session.client();
  const { request } = given;
  const ids = given.ids ?? false;
  if (given.follow)
    return output.isTerminal
      ? redraw(session, client, { request, ids })
      : printChanges(session, client, request);
  const found = await read(client, request);
  if (!found)
    throw notFound(
      `The request ${request} has no events.`,
      '`throughline events` lists events with their requests.',
    );
  await output.result(found, () => chainTree(output, found, { now: Date.now(), ids }).join('\n'));
}

async function read(client: Client, requestId: string, retryForMs = 0): Promise<Chain | null> {
  return (await client.query(ChainDocument, { requestId }, { retryForMs })).eventChain ?? null;
}

async function redraw(
  { output }: Session,
  client: Client,
  { request, ids }: { request: string; ids: boolean },
): Promise<void> {
  const { signal, release } = interruption();
  const screen = new Screen(output);
  let isStale = true;
  let failure: unknown;
  const onState = stateMessages(output);
  const follow = async (changes: AsyncIterable<unknown>) => {
    for await (const _change of changes) isStale = true;
  };
  const options = { signal, onState };
  const following = [
    follow(client.status({ requestId: request, payload: false, ...options })),
    follow(client.progress({ requestId: request, signal })),
  ];
  for (const running of following) running.catch((error: unknown) => (failure ??= error));
  try {
    for (
      let shown: Chain | null = null;
      !signal.aborted && failure === undefined;
      await pause(redrawMs, signal)
    ) {
      if (isStale) {
        isStale = false;
        shown = await read(client, request, Infinity);
      }
      // Durations of what runs grow without a change.
      const lines = shown
        ? chainTree(output, shown, { now: Date.now(), ids })
        : [`${request}  no events yet`];
      await screen.draw(lines);
    }
  } finally {
    release();
  }
  if (failure !== undefined) throw failure;
  throw new Failure('', { exitCode: exitCodes.interrupted });
}

/** For files and scripts: a line for each change. */
async function printChanges({ output }: Session, client: Client, requestId: string): Promise<void> {
  const { signal, release } = interruption();
  const onState = stateMessages(output);
  try {
    await read(client, requestId);
    for await (const change of client.status({ requestId, payload: false, signal, onState })) {
      const { event, at, status } = change;
      if (output.isJson) await output.json(change);
      else await output.line(eventLine(output, event, { at, status, payload: false }));
    }
  } finally {
    release();
  }
  throw new Failure('', { exitCode: exitCodes.interrupted });
}

export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}
