// The settings of every session: whatever the server, the database or the role sets, ours are the same.
import type { Statement } from './database.ts';
import { plannerSettings } from './planner.ts';
import { quoteIdentifier } from './sql-failure.ts';

/** What values look like as text, in both directions. */
const formats = {
  client_encoding: 'UTF8',
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  bytea_output: 'hex',
  extra_float_digits: '1',
  standard_conforming_strings: 'on',
  array_nulls: 'on',
  xmlbinary: 'base64',
  quote_all_identifiers: 'off',
} as const;

/** What statements mean, and what they may do. */
const semantics = {
  default_transaction_isolation: 'read committed',
  default_transaction_read_only: 'off',
  default_transaction_deferrable: 'off',
  row_security: 'on',
  transform_null_equals: 'off',
  exit_on_error: 'off',
  client_min_messages: 'warning',
  // Otherwise foreign keys are not checked; only a superuser may set it, and only where it differs is it set.
  session_replication_role: 'origin',
} as const;

/** How long a session may wait; the timeouts that a database on a server needs are given in addition. */
const waits = {
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  idle_session_timeout: '0',
  transaction_timeout: '0',
} as const;

/**
 * The one statement with which a session begins. Sent as a statement, not as startup parameters: PgBouncer refuses a
 * connection for most of those. Settings that this version of Postgres does not have are left out, as are those that
 * need no change. Of `synchronous_commit` only `off` is changed: with it, what was acknowledged could be lost.
 */
export function sessionStatement(schema: string, more: Readonly<Record<string, string>> = {}): Statement {
  const settings = {
    ...formats,
    ...semantics,
    ...waits,
    ...plannerSettings,
    search_path: quoteIdentifier(schema),
    ...more,
  };
  return {
    text: `SELECT set_config(name, value, false) FROM unnest($1::text[], $2::text[]) AS s(name, value)
        WHERE current_setting(name, true) <> value
      UNION ALL
      SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'`,
    values: [Object.keys(settings), Object.values(settings)],
  };
}
