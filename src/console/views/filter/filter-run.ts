// Tries an expression on the latest events: which match, which do not, and on which it fails.
import {
  EventPageDocument,
  type EventFilter,
  type EventRowFragment,
  FilterOutcomeDocument,
  FilterValuesDocument,
} from '../../../../generated/console/graphql.ts';
import type { Client } from '../../../client/client.ts';
import { failureReason } from './failure-reason.ts';

export type Outcome = 'matches' | 'differs' | 'fails';

export interface Tested {
  readonly event: EventRowFragment;
  readonly outcome: Outcome;
  /** Why the expression probably fails on the event. */
  readonly reason: string;
}

export interface FilterRun {
  readonly tested: readonly Tested[];
  /** How long the gateway took to test them, in milliseconds, with the transport. */
  readonly tookMs: number;
}

/** Reasons are found for so many events at most: their payloads are read for it. */
const explained = 20;

/**
 * What neither the expression nor its negation selects, it failed on. The events are read first, so that all three
 * answers are about the same ones.
 */
export async function runFilter(
  client: Client,
  { filter, where, count }: { filter: EventFilter; where: string; count: number },
  signal: AbortSignal,
): Promise<FilterRun> {
  const options = { signal };
  const { events } = await client.query(EventPageDocument, { filter, first: count }, options);
  const ids = events.nodes.map(({ id }) => id);
  if (ids.length === 0) return { tested: [], tookMs: 0 };
  if (where.trim() === '') {
    const tested = events.nodes.map((event) => ({ event, outcome: 'matches' as const, reason: '' }));
    return { tested, tookMs: 0 };
  }
  const start = performance.now();
  const first = ids.length;
  // On lines of their own: the expression can end in a comment.
  const variables = { ids, where, negated: `!(\n${where}\n)`, first };
  const { matching, others } = await client.query(FilterOutcomeDocument, variables, options);
  const tookMs = performance.now() - start;
  const matches = new Set(matching.nodes.map(({ id }) => id));
  const differs = new Set(others.nodes.map(({ id }) => id));
  const failing = ids.filter((id) => !matches.has(id) && !differs.has(id));
  const reasons = await explain(client, failing.slice(0, explained), where, options);
  const tested = events.nodes.map((event): Tested => {
    const outcome = matches.has(event.id) ? 'matches' : differs.has(event.id) ? 'differs' : 'fails';
    return { event, outcome, reason: reasons.get(event.id) ?? '' };
  });
  return { tested, tookMs };
}

async function explain(
  client: Client,
  ids: readonly string[],
  where: string,
  options: { signal: AbortSignal },
): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  const { events } = await client.query(FilterValuesDocument, { ids, first: ids.length }, options);
  return new Map(events.nodes.map(({ id, ...values }) => [id, failureReason(where, values)]));
}
