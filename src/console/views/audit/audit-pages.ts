// Reads a page of the audit, however many other events lie between its entries.
import { AuditPageDocument, type EventFilter } from '../../../../generated/console/graphql.ts';
import type { Client } from '../../../client/client.ts';
import type { AuditEvent } from './audit-entry.ts';

export interface AuditPage {
  readonly entries: readonly AuditEvent[];
  /** Where earlier entries continue; null where there are none. */
  readonly next: string | null;
}

const pageSize = 50;

/** Each page of the gateway reads a bounded number of events, and may end early. */
const mostPages = 10;

export async function readAudit(
  client: Client,
  filter: EventFilter,
  from: string | null,
  signal: AbortSignal,
): Promise<AuditPage> {
  const entries: AuditEvent[] = [];
  let after = from;
  for (let pages = 0; pages < mostPages; pages += 1) {
    const { events } = await client.query(AuditPageDocument, { filter, after }, { signal });
    entries.push(...events.nodes);
    after = events.pageInfo.hasNextPage ? (events.pageInfo.endCursor ?? null) : null;
    if (after === null || entries.length >= pageSize) break;
  }
  return { entries, next: after };
}
