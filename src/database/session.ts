// The settings of every session, which override those of the server, database and role.
import type { Statement } from './database.ts';
import { plannerSettings } from './planner.ts';
import { quoteIdentifier } from './sql-failure.ts';

/** The text format of values, in both directions. */
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

/** The semantics and permissions of statements. */
const semantics = {
  default_transaction_isolation: 'read committed',
  default_transaction_read_only: 'off',
  default_transaction_deferrable: 'off',
  row_security: 'on',
  transform_null_equals: 'off',
  exit_on_error: 'off',
  client_min_messages: 'warning',
  // Otherwise foreign keys are not checked. Set only where it differs, since only a superuser may set it.
  session_replication_role: 'origin',
} as const;

/** Timeouts of a session. Server databases add their own. */
const waits = {
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  idle_session_timeout: '0',
  transaction_timeout: '0',
} as const;

/**
 * The first statement of a session. These are not sent as startup parameters, because PgBouncer refuses most of them.
 * Skips settings that this Postgres version does not have or that already have the value. `synchronous_commit` is
 * changed only if it is `off`, since acknowledged writes could then be lost.
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
