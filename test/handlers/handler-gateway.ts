// Gateways with handlers in code, for tests: short forms of handlers, and reads of their runs.
import { expect, vi } from 'vitest';
import type { PartialEvent } from '../../src/domain/events/event.ts';
import type { Database } from '../../src/database/database.ts';
import { defineHandler, type HandlerDefinition } from '../../src/handlers/app/define-handler.ts';
import { type HandlerSettings, noHandlers } from '../../src/handlers/handlers.ts';
import { type Composed, operationsOn, tester } from '../support/gateway.ts';

export type Given = Partial<HandlerDefinition> & Pick<HandlerDefinition, 'run'>;

/** A generous timeout for slow machines. */
export const patience = { timeout: 40_000, interval: 20 };

/** A gateway whose handlers are h1, h2, … for events of the topic `t`, unless something else is given. */
export function withHandlers(database: Database, ...given: Given[]): Promise<Composed> {
  return operationsOn(database, { handling: handlingOf(given) });
}

export function handlingOf(given: readonly Given[]): HandlerSettings {
  const handlers = given.map((one, n) => defineHandler({ fullName: `h${n + 1}`, source: 't', ...one }));
  return { ...noHandlers, handlers };
}

/** The latest first; at most a hundred by default. */
export function runsOf(
  { operations }: Composed,
  fullName: string,
  pageSize = 100,
): Promise<readonly PartialEvent[]> {
  const fields = ['status', 'result', 'error', 'dependsOnId', 'requestId', 'nodeId', 'retries'] as const;
  return operations.eventLog({ fullName, page: 1, pageSize }, fields);
}

/** Sends work and finishes it: its runs are made in the background, in the order of the log. */
export async function finishLater({ operations }: Composed, input: object = {}): Promise<void> {
  const { event } = await operations.sendEvent(tester, { topic: 't', finished: false, ...input });
  await operations.updateEvent(tester, { id: event.id, status: 'FINISHED' });
}

/** Resolves when the gateway has read all that is in the log by now. */
export async function caughtUp({ tail, database }: Composed): Promise<void> {
  const text = 'SELECT coalesce(max(position), 0)::int8 AS end FROM log';
  const [row] = await database.query<{ end: unknown }>({ text, values: [] });
  await vi.waitFor(() => expect(tail.position >= BigInt(String(row!.end))).toBe(true), patience);
}

/** `isValid` may take as long as the test does; until `vi.restoreAllMocks`. */
export function suspendLimitOfIsValid(): void {
  const real = globalThis.setTimeout;
  const longest = 2 ** 31 - 1;
  const set = (work: () => void, ms?: number) => real(work, ms === 5_000 ? longest : ms);
  vi.spyOn(globalThis, 'setTimeout').mockImplementation(set as typeof setTimeout);
}
