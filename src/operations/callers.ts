// Callers within the gateway, which may do everything: handlers, triggers, schedules.
import type { Caller } from './operations.ts';

export function internalCaller(name: string): Caller {
  return { name, keyId: null, scopes: ['admin'], rows: null, requestId: null };
}
