// Classifies errors of the `pg` driver: connection failures, refused statements, and reasons for a failed start.
import pg from 'pg';
import { asError } from '../../base/errors.ts';

/**
 * SQLSTATEs after which a connection is unusable: connection exceptions, too many clients, statement timeout,
 * shutdowns, and a server that became read-only after a failover.
 */
const connectionStates = /^(08...|53300|57014|57P0[1-5]|25006|25P03)$/;

const driverMessages =
  /^(Connection terminated|timeout exceeded when trying to connect|timeout expired|Query read timeout|Client has encountered a connection error|Client was closed|Cannot use a pool after calling end)/;

/** Whether the connection failed, as opposed to the statement. */
export function isConnectionFailure(thrown: unknown): boolean {
  const error = asError(thrown) as Error & { code?: unknown };
  const code = typeof error.code === 'string' ? error.code : '';
  if (error instanceof pg.DatabaseError) return connectionStates.test(code);
  return /^E(?!RR_)[A-Z_]+$/.test(code) || driverMessages.test(error.message);
}

/** SQLSTATE of a server, database or role whose limit of connections is reached. */
const tooManyConnections = '53300';

/** SQLSTATE of a server that is starting up or shutting down. */
const cannotConnectNow = '57P03';

/** Whether the server refused a connection that it may accept shortly. */
export function isNotNow(thrown: unknown): boolean {
  if (!(thrown instanceof pg.DatabaseError)) return false;
  return thrown.code === tooManyConnections || thrown.code === cannotConnectNow;
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing accepts connections there',
  ENOENT: 'there is no such socket',
  ENOTFOUND: 'unknown host name',
  EAI_AGAIN: 'the host name could not be looked up',
  ETIMEDOUT: 'no answer in time',
  EHOSTUNREACH: 'the host is unreachable',
  ENETUNREACH: 'the network is unreachable',
  ECONNRESET: 'the connection was closed at once',
};

const advice =
  'raise max_connections, or the CONNECTION LIMIT of the database or the role, or lower THROUGHLINE_DATABASE_POOL of each gateway';

/** Why a connection failed, briefly and on one line. */
export function connectionReason(thrown: unknown): string {
  const error = asError(thrown) as Error & { code?: unknown };
  const known = typeof error.code === 'string' ? reasons[error.code] : undefined;
  if (known) return known;
  if (/timeout/i.test(error.message)) return 'no answer in time';
  if (error.message.startsWith('Connection terminated')) return 'the connection was closed at once';
  const message = error.message.split('\n', 1)[0] || String(error.code ?? error.name);
  return error.code === tooManyConnections ? `${message}; ${advice}` : message;
}
