// NOTIFY channels. Each schema has its own, so that two installations on one database do not receive each other's
// messages.
import { createHash } from 'node:crypto';

/**
 * `log`: the log has grown. `live`: messages between gateways, which are never stored. `outbox`: the outbox has grown;
 * its sender is the function `send_event` of migration 0019.
 */
export type Channel = 'log' | 'live' | 'outbox';

/** Length of the hash of the schema's name, which may itself be as long as a channel name. */
const digits = 16;
const digest = `left(encode(sha256(convert_to(current_schema(), 'UTF8')), 'hex'), ${digits})`;

/** The channel's name for LISTEN. */
export function channelOf(channel: Channel, schema: string): string {
  return `throughline_${channel}_${createHash('sha256').update(schema).digest('hex').slice(0, digits)}`;
}

/** SQL that sends `payload`, itself SQL, to the channel of the session's schema. */
export function notifyCall(channel: Channel, payload: string): string {
  return `pg_notify('throughline_${channel}_' || ${digest}, ${payload})`;
}
