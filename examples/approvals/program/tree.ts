// The chain of a request as a tree: each event with its status and what came of it, below the one that caused it.
import type { Client } from 'throughline-client';
import { paint, paintStatus, say } from '../../demo/paint.ts';

interface LogEvent {
  readonly id: string;
  readonly topic: string;
  readonly status: string;
  readonly description: string;
  readonly result: unknown;
  readonly error: { readonly message: string } | null;
  readonly dependsOn: { readonly id: string } | null;
}

const logQuery = `query Log($requestId: String!) {
  eventLogByRequestId(requestId: $requestId) {
    id topic status description result error { message } dependsOn { id }
  }
}`;

export async function printTree(gateway: Client, requestId: string): Promise<void> {
  type Answer = { eventLogByRequestId: LogEvent[] };
  const { eventLogByRequestId: events } = await gateway.query<Answer, object>(logQuery, { requestId });
  printBelow(null, '');

  function printBelow(parent: string | null, indent: string): void {
    for (const event of events) {
      if ((event.dependsOn?.id ?? null) !== parent) continue;
      const name = `${indent}${event.topic}`.padEnd(45);
      say(`  ${name} ${paintStatus(event.status)}${outcomeOf(event)}`.trimEnd());
      printBelow(event.id, `${indent}  `);
    }
  }
}

function outcomeOf({ error, result, description }: LogEvent): string {
  if (error) return paint('red', error.message);
  return result === null ? paint('gray', description) : JSON.stringify(result);
}
