// The channels of NOTIFY: each installation, that is each schema, has its own, so that two on one database never hear each other.
import { createHash } from 'node:crypto';

/** `log`: the log has grown; `live`: messages between gateways that are never stored. */
export type Channel = 'log' | 'live';

/** Of the schema's name, which may be as long as a channel's name by itself. */
const digits = 16;
const digest = `left(encode(sha256(convert_to(current_schema(), 'UTF8')), 'hex'), ${digits})`;

/** What to listen to. */
export function channelOf(channel: Channel, schema: string): string {
  return `throughline_${channel}_${createHash('sha256').update(schema).digest('hex').slice(0, digits)}`;
}

/** A call that sends `payload`, which is SQL, to the same channel in the session's schema. */
export function notifyCall(channel: Channel, payload: string): string {
  return `pg_notify('throughline_${channel}_' || ${digest}, ${payload})`;
}
