// Enrolling in tests: short forms, and time that passes at once.
import type { EnrollInput } from '../../src/domain/jobs/enroll.ts';
import type { UpdateInput } from '../../src/domain/events/update.ts';
import type { Enrollment } from '../../src/operations/operations.ts';
import type { Caller } from '../../src/operations/callers.ts';
import { type Composed, tester } from '../support/gateway.ts';

export type Asked = Partial<EnrollInput> & Pick<EnrollInput, 'targetTopic'>;

export async function enroll(
  gateway: Composed,
  asked: Asked,
  caller: Caller = tester,
): Promise<Enrollment | null> {
  const [first] = await enrollMany(gateway, asked, 1, caller);
  return first ?? null;
}

export function enrollMany(
  { operations }: Composed,
  asked: Asked,
  count: number,
  caller: Caller = tester,
): Promise<readonly Enrollment[]> {
  return operations.enroll(caller, { sourceTopics: ['source'], worker: 'worker', ...asked }, count);
}

/** Fails where there is no job. */
export async function take(gateway: Composed, asked: Asked): Promise<Enrollment> {
  const job = await enroll(gateway, asked);
  if (job === null) throw new Error('there was no job to take');
  return job;
}

/** As the worker that holds the job. */
export async function update(
  { operations }: Composed,
  { event, attempt }: Enrollment,
  change: Omit<UpdateInput, 'id' | 'attempt'>,
): Promise<void> {
  await operations.updateEvent(tester, { id: event.id, attempt, ...change });
}

/** As somebody else. */
export async function correct(
  { operations }: Composed,
  id: string,
  change: Omit<UpdateInput, 'id' | 'attempt'>,
): Promise<void> {
  await operations.updateEvent(tester, { id, ...change });
}

/** What a job waits for is over: its lease, or its pause. */
export async function pass({ database }: Composed, id: string): Promise<void> {
  const text = `UPDATE jobs SET ready_at = now() - interval '1 second' WHERE event_id = $1 AND ready_at > now()`;
  await database.query({ text, values: [id] });
}

/** Milliseconds until a job can be claimed; null where it never can. */
export async function readyInMs({ database }: Composed, id: string): Promise<number | null> {
  const text = `SELECT (extract(epoch FROM ready_at - now()) * 1000)::float8 AS ms FROM jobs WHERE event_id = $1`;
  const [row] = await database.query<{ ms: number | null }>({ text, values: [id] });
  return row?.ms ?? null;
}
