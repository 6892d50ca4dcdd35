// What the demo asks the gateway after a run: a chain, counts, failures and payloads. Every query that it makes is here.
import type { Client } from 'throughline-client';

export interface ChainEvent {
  readonly id: string;
  readonly nodeId: string;
  readonly topic: string;
  readonly status: string;
  readonly description: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly dependsOn: { readonly id: string } | null;
  readonly error: Failure | null;
}

export interface Failure {
  readonly code: string;
  readonly message: string;
}

export interface Chain {
  readonly requestId: string;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  /** Parents before children. */
  readonly events: readonly ChainEvent[];
  readonly failedLeaves: readonly ChainEvent[];
}

export interface Counts {
  readonly topic: string;
  readonly total: number;
  /** How many have each status; those that none has are left out. */
  readonly byStatus: ReadonlyMap<string, number>;
}

const chainQuery = `query Chain($requestId: String!) {
  eventChain(requestId: $requestId) {
    requestId startedAt finishedAt
    events { ...node }
    failedLeaves { ...node }
  }
}
fragment node on Event {
  id nodeId topic status description startedAt finishedAt
  dependsOn { id }
  error { code message }
}`;

export async function readChain(gateway: Client, requestId: string): Promise<Chain> {
  const { eventChain } = await gateway.query<{ eventChain: Chain }, object>(chainQuery, { requestId });
  return eventChain;
}

const countQuery = `query Count($project: String!, $topic: String!) {
  total: events(filter: { projects: [$project], topics: [$topic] }) { totalCount }
  ${['PENDING', 'IN_PROGRESS', 'FINISHED', 'FAILED', 'ABORTED', 'RESTARTED']
    .map(
      (status) => `
  ${status}: events(filter: { projects: [$project], topics: [$topic], statuses: [${status}] }) { totalCount }`,
    )
    .join('')}
}`;

/** How many events of the run have a topic. The topic may be a pattern, such as `github.*`. */
export async function readCounts(gateway: Client, project: string, topic: string): Promise<Counts> {
  type Answer = Readonly<Record<string, { readonly totalCount: number }>>;
  const { total, ...statuses } = await gateway.query<Answer, object>(countQuery, { project, topic });
  const byStatus = Object.entries(statuses)
    .map(([status, { totalCount }]) => [status, totalCount] as const)
    .filter(([, count]) => count > 0);
  return { topic, total: total!.totalCount, byStatus: new Map(byStatus) };
}

export interface Failed {
  readonly topic: string;
  readonly requestId: string;
  readonly error: Failure | null;
}

const failedQuery = `query Failed($project: String!) {
  events(filter: { projects: [$project], statuses: [FAILED] }, orderBy: { by: CREATED, direction: ASC }, first: 1000) {
    nodes { topic requestId error { code message } }
  }
}`;

/** What failed, oldest first. */
export async function readFailed(gateway: Client, project: string): Promise<readonly Failed[]> {
  const { events } = await gateway.query<{ events: { nodes: readonly Failed[] } }, object>(failedQuery, {
    project,
  });
  return events.nodes;
}

const payloadQuery = `query Payloads($project: String!, $after: String) {
  events(filter: { projects: [$project], topics: ["github.*"] }, first: 100, after: $after) {
    nodes { hash payload }
    pageInfo { hasNextPage endCursor }
  }
}`;

interface PayloadPage {
  readonly nodes: readonly { readonly hash: string; readonly payload: unknown }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

/** The payload of each delivery by its hash, read page by page. */
export async function readPayloads(gateway: Client, project: string): Promise<Map<string, unknown>> {
  const payloads = new Map<string, unknown>();
  let after: string | null = null;
  do {
    const { events }: { events: PayloadPage } = await gateway.query(payloadQuery, { project, after });
    for (const { hash, payload } of events.nodes) payloads.set(hash, payload);
    after = events.pageInfo.hasNextPage ? events.pageInfo.endCursor : null;
  } while (after !== null);
  return payloads;
}
