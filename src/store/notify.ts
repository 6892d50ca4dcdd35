// Messages between the gateways of one database that are never stored.
import type { Queryable } from '../database/database.ts';

export const liveChannel = 'throughline_live';

/** Postgres takes less than 8,000 bytes in one notification. */
export const notificationBytes = 7_900;

export async function notifyGateways(database: Queryable, messages: readonly string[]): Promise<void> {
  await database.query({
    name: 'notify-gateways',
    text: `SELECT pg_notify('${liveChannel}', m) FROM unnest($1::text[]) AS m`,
    values: [messages],
  });
}
