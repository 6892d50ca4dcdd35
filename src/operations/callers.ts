// The callers of operations: the authenticated sender of a request, and those within the gateway.
import type { RowScope } from '../domain/access/row-scope.ts';

/** The authenticated caller of a request. */
export interface Caller {
  /** The name of the key or token; histories and the audit record changes under it. */
  readonly name: string;
  /** Null for the key from the settings and for callers within the gateway. */
  readonly keyId: string | null;
  readonly scopes: readonly string[];
  /** The events that the caller may see and touch; null: all. */
  readonly rows: RowScope | null;
  /** When its key or token expires; null or absent: never. */
  readonly expiresAt?: Date | null | undefined;
  /**
   * The default `requestId` of events sent by this HTTP request, from its `traceparent` or `x-request-id` header. Null:
   * each root event begins a new request.
   */
  readonly requestId: string | null;
  /** The network address that the request came from; null or absent for callers within the gateway. */
  readonly address?: string | null | undefined;
  /** Aborted if the caller disconnects before the response; absent if it cannot disconnect. */
  readonly signal?: AbortSignal | undefined;
}

/** Whose rows a list is of, and whose share of the time for filters it uses. */
export type Asker = Pick<Caller, 'name' | 'rows'>;

/** A caller that may do everything: handlers, triggers, schedules. */
export function internalCaller(name: string): Caller {
  return { name, keyId: null, scopes: ['admin'], rows: null, requestId: null };
}
