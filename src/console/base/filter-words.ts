// The names that filters are completed with: topics, projects, users, senders, and the paths in payloads and summaries.
import { useQueryClient } from '@tanstack/react-query';
import { useCallback } from 'react';
import { FilterWordsDocument, TopicNamesDocument } from '../../../generated/console/graphql.ts';
import { useSession } from '../shell/session.ts';
import { isContainer } from './json/json-nodes.ts';

export interface FilterWords {
  readonly topics: readonly string[];
  readonly projects: readonly string[];
  readonly users: readonly string[];
  readonly senders: readonly string[];
  /** Such as `data.order.total`, with the kind of the value. */
  readonly paths: readonly ValuePath[];
}

export interface ValuePath {
  readonly path: string;
  readonly kind: string;
}

/** Samples are this many events: enough for their shape, and little to read. */
const sampleSize = 10;
const pathLimit = 500;
const staleMs = 60_000;

/** Reads the names when they are needed; of the topics given, or of the latest events. */
export function useFilterWords(): (topics?: readonly string[]) => Promise<FilterWords> {
  const { client } = useSession();
  const queries = useQueryClient();
  return useCallback(
    async (topics = []) => {
      const [names, sample] = await Promise.all([
        queries.fetchQuery({
          queryKey: ['topicNames'],
          queryFn: async () => (await client.query(TopicNamesDocument)).topics.map(({ name }) => name),
          staleTime: staleMs,
        }),
        queries.fetchQuery({
          queryKey: ['filterWords', topics],
          queryFn: async () => {
            const filter = topics.length > 0 ? { topics } : null;
            return (await client.query(FilterWordsDocument, { filter, first: sampleSize })).events.nodes;
          },
          staleTime: staleMs,
        }),
      ]);
      const distinct = (values: readonly (string | null | undefined)[]) =>
        [...new Set(values)].filter((value) => typeof value === 'string').sort();
      return {
        topics: names,
        projects: distinct(sample.map(({ project }) => project)),
        users: distinct(sample.map(({ user }) => user)),
        senders: distinct(sample.map(({ sender }) => sender)),
        paths: valuePaths(sample),
      };
    },
    [client, queries],
  );
}

/** The paths of all values of some events, as CEL reads them; not into lists. */
export function valuePaths(
  events: readonly { readonly payload: unknown; readonly summary: unknown }[],
): readonly ValuePath[] {
  const found = new Map<string, string>();
  const visit = (path: string, value: unknown, depth: number) => {
    if (found.size >= pathLimit || depth > 6) return;
    if (depth > 0 && !found.has(path)) found.set(path, kindOf(value));
    if (!isContainer(value) || Array.isArray(value)) return;
    for (const [key, child] of Object.entries(value)) {
      const isName = /^[A-Za-z_]\w*$/.test(key);
      visit(isName ? `${path}.${key}` : `${path}["${key}"]`, child, depth + 1);
    }
  };
  for (const { payload, summary } of events) {
    visit('data', payload, 0);
    visit('summary', summary, 0);
  }
  return [...found].map(([path, kind]) => ({ path, kind })).sort((a, b) => (a.path < b.path ? -1 : 1));
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'list' : typeof value;
}
