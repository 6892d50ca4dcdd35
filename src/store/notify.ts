// Transient messages between the gateways of one database.
import type { Queryable } from '../database/database.ts';
import { notifyCall } from './channels.ts';

/** Postgres limits a notification to less than 8,000 bytes. */
export const notificationBytes = 7_900;

export async function notifyGateways(database: Queryable, messages: readonly string[]): Promise<void> {
  await database.query({
    name: 'notify-gateways',
    text: `SELECT ${notifyCall('live', 'm')} FROM unnest($1::text[]) AS m`,
    values: [messages],
  });
}
