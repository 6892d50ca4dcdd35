// The events of a request as a tree of lines, with statuses, durations and errors.
import type { ChainQuery } from '../../../generated/client/graphql.ts';
import { type Colour, statusColour } from './colours.ts';
import { duration } from './durations.ts';
import type { Output } from './output.ts';
import { printable, shorten } from './printable.ts';

export type Chain = NonNullable<ChainQuery['eventChain']>;
type Node = Chain['events'][number];

export interface TreeOptions {
  readonly now: number;
  readonly ids: boolean;
}

/** Deeper events are indented no further: a chain may be thousands of events deep. */
const maxIndent = 30;

const marks: Readonly<Record<string, string>> = {
  FINISHED: '✔',
  FAILED: '✖',
  ABORTED: '⊘',
  IN_PROGRESS: '▶',
  PENDING: '○',
  RESTARTED: '↻',
};

export function chainTree(output: Output, chain: Chain, options: TreeOptions): string[] {
  const ids = new Set(chain.events.map(({ id }) => id));
  const children = new Map<string | undefined, Node[]>();
  for (const event of chain.events) {
    const parent = event.dependsOn && ids.has(event.dependsOn.id) ? event.dependsOn.id : undefined;
    children.set(parent, [...(children.get(parent) ?? []), event]);
  }
  const lines = [head(output, chain, options.now)];
  const roots = children.get(undefined) ?? [];
  const stack = roots.map((event) => ({ event, depth: 0, prefix: '', isLast: true })).reverse();
  for (let next = stack.pop(); next; next = stack.pop()) {
    const { event, depth, prefix, isLast } = next;
    const branch = depth === 0 ? '' : `${prefix}${isLast ? '└─ ' : '├─ '}`;
    lines.push(nodeLine(output, event, branch, options));
    const below = children.get(event.id) ?? [];
    const deeper = depth === 0 || depth > maxIndent ? prefix : `${prefix}${isLast ? '   ' : '│  '}`;
    below
      .map((child, n) => ({ event: child, depth: depth + 1, prefix: deeper, isLast: n === below.length - 1 }))
      .reverse()
      .forEach((item) => stack.push(item));
  }
  return lines;
}

function head({ paint }: Output, chain: Chain, now: number): string {
  const { requestId, startedAt, finishedAt, countByStatus } = chain;
  const counts = countByStatus.map(({ status, count }) =>
    paint(statusColour(status), `${count} ${status.toLowerCase().replace('_', ' ')}`),
  );
  const ms = startedAt ? (finishedAt ? Date.parse(finishedAt) : now) - Date.parse(startedAt) : 0;
  const took = finishedAt ? `took ${duration(ms)}` : `for ${duration(ms)} so far`;
  return `${paint('bold', printable(requestId))}  ${counts.join(', ')}  ${paint('dim', took)}`;
}

function nodeLine({ paint, width }: Output, event: Node, branch: string, { now, ids }: TreeOptions): string {
  const { id, topic, status, nodeId, description, progress, error } = event;
  const texts: [Colour | undefined, string][] = [
    ['dim', timing(event, now)],
    ['cyan', status === 'IN_PROGRESS' && typeof progress === 'number' ? `${Math.round(progress)} %` : ''],
    ['dim', ids ? id : nodeId === id ? '' : printable(nodeId)],
    ['red', error ? printable(`${error.code ? `${error.code}: ` : ''}${error.message}`) : ''],
    [undefined, description ? printable(description) : ''],
  ];
  const start = `${branch}${marks[status] ?? '·'} ${topic}`;
  let left = width - start.length - status.length - 2;
  const shown = texts
    .filter(([, text]) => text !== '')
    .map(([colour, text]) => {
      const cut = shorten(text, Math.max(0, left - 2));
      left -= cut.length + 2;
      return colour && cut ? paint(colour, cut) : cut;
    })
    .filter((text) => text !== '');
  const colour = statusColour(status);
  const first = `${paint('dim', branch)}${paint(colour, marks[status] ?? '·')} ${paint('bold', topic)}`;
  return [first, paint(colour, status), ...shown].join('  ');
}

/** How long it ran, and how long it waited before; nothing of an event that was born finished. */
function timing({ createdAt, startedAt, finishedAt, status }: Node, now: number): string {
  const created = Date.parse(createdAt);
  if (!startedAt) {
    if (status === 'PENDING' || status === 'RESTARTED') return `waits for ${duration(now - created)}`;
    const ms = finishedAt ? Date.parse(finishedAt) - created : 0;
    return ms > 0 ? duration(ms) : '';
  }
  const started = Date.parse(startedAt);
  const ran = duration((finishedAt ? Date.parse(finishedAt) : now) - started);
  const waited = started - created;
  return waited >= 1_000 ? `${ran} after ${duration(waited)}` : ran;
}
