// What workers that were killed had claimed and what became of the jobs, and whether both agree.
import { readFile } from 'node:fs/promises';
import { groupBy } from '../../src/base/group-by.ts';
import { ask } from '../support/process.ts';

/** What a worker writes down when it is answered with a job. */
export interface Claim {
  readonly job: string;
  readonly attempt: number;
  readonly worker: string;
  /** When the lease ends at the earliest. */
  readonly until: string;
}

interface Entry {
  readonly position: string;
  readonly from: string | null;
  readonly to: string;
  readonly at: string;
  readonly by: string | null;
  readonly attempt: number | null;
}

export interface StoredJob {
  readonly id: string;
  readonly status: string;
  readonly retries: number;
  readonly result: { readonly attempt: number; readonly worker: string } | null;
  readonly dependsOn: { readonly id: string } | null;
  readonly history: readonly Entry[];
}

/** A line that a kill has torn tells of a claim that nobody worked on. */
export async function readClaims(file: string): Promise<Claim[]> {
  const text = await readFile(file, 'utf8');
  const lines = text.split('\n').filter((line) => line.startsWith('{') && line.endsWith('}'));
  return lines.map((line) => JSON.parse(line) as Claim);
}

/** All jobs of a topic, oldest first; 1,000 at most. */
export async function readJobs(url: string, topic: string): Promise<StoredJob[]> {
  const query = `query($topics: [String!]) {
    events(first: 1000, filter: { topics: $topics }, orderBy: { by: CREATED, direction: ASC }) {
      nodes { id status retries result dependsOn { id } history { position from to at by attempt } }
      pageInfo { hasNextPage }
    }
  }`;
  const { data, errors } = await ask<{
    events: { nodes: StoredJob[]; pageInfo: { hasNextPage: boolean } };
  }>(url, query, { variables: { topics: [topic] } });
  if (!data || data.events.pageInfo.hasNextPage) throw new Error(`unreadable: ${JSON.stringify(errors)}`);
  return data.events.nodes;
}

/** Everything wrong, one line each: each source has one job, done once, by who held it, and no two held it at once. */
export function jobFaults(
  sources: readonly string[],
  jobs: readonly StoredJob[],
  claims: readonly Claim[],
): string[] {
  const bySource = groupBy(jobs, ({ dependsOn }) => dependsOn?.id ?? 'nothing');
  const byJob = groupBy(claims, ({ job }) => job);
  const known = new Set(sources);
  const ids = new Set(jobs.map(({ id }) => id));
  return [
    ...sources.flatMap((id) => {
      const count = bySource.get(id)?.length ?? 0;
      return count === 1 ? [] : [`source ${id} has ${count} jobs`];
    }),
    ...[...bySource.keys()].filter((id) => !known.has(id)).map((id) => `there is a job for ${id}`),
    ...claims.filter(({ job }) => !ids.has(job)).map(({ job }) => `${job} was claimed and is not there`),
    ...jobs.flatMap((job) => [
      ...endFaults(job),
      ...historyFaults(job),
      ...claimFaults(job, byJob.get(job.id) ?? []),
    ]),
  ];
}

/** Finished once, by the attempt and the worker that the result names. */
function endFaults({ id, status, result, history }: StoredJob): string[] {
  const ends = history.filter(({ to }) => to === 'FINISHED');
  const [end] = ends;
  const wrong = [];
  if (status !== 'FINISHED') wrong.push(`${id} is ${status}`);
  if (ends.length !== 1) wrong.push(`${id} was finished ${ends.length} times`);
  if (end && (result?.attempt !== end.attempt || result?.worker !== end.by)) {
    wrong.push(`${id} was finished by ${end.by} (${end.attempt}) with ${JSON.stringify(result)}`);
  }
  return wrong;
}

/** Each change is of the attempt that was claimed last, and the attempts follow one another. */
function historyFaults({ id, history }: StoredJob): string[] {
  let attempt = 0;
  let position = 0n;
  const wrong: string[] = [];
  for (const entry of history) {
    if (isClaim(entry, attempt)) attempt += 1;
    if (entry.attempt !== attempt)
      wrong.push(`${id} became ${entry.to} by attempt ${entry.attempt} after ${attempt}`);
    if (BigInt(entry.position) <= position) wrong.push(`${id} has its history out of order`);
    position = BigInt(entry.position);
  }
  return wrong;
}

function isClaim({ to, attempt }: Entry, last: number): boolean {
  return to === 'PENDING' && attempt === last + 1;
}

/** One worker for each attempt, the one that the history names, and none while another one's lease ran. */
function claimFaults({ id, history, result }: StoredJob, claims: readonly Claim[]): string[] {
  const wrong = claims.flatMap(({ attempt, worker, until }) => {
    const begun = history.find((entry) => entry.attempt === attempt);
    if (!begun) return [`${id}: ${worker} was given attempt ${attempt}, which there never was`];
    if (begun.by !== worker) return [`${id}: ${worker} was given attempt ${attempt} of ${begun.by}`];
    const takenAt = lostAt(history, attempt);
    if (takenAt === null || takenAt >= until) return [];
    return [`${id}: attempt ${attempt + 1} began before the lease of ${attempt} ended`];
  });
  const given = claims.map(({ attempt }) => attempt);
  if (new Set(given).size < given.length) wrong.push(`${id}: attempts were given twice: ${given.join(', ')}`);
  if (!claims.some(({ attempt, worker }) => attempt === result?.attempt && worker === result.worker))
    wrong.push(`${id}: ${JSON.stringify(result)} is of nobody who was given it`);
  return wrong;
}

/** When the job was claimed away from this attempt; null if the attempt had released it, or still has it. */
function lostAt(history: readonly Entry[], attempt: number): string | null {
  const next = history.findIndex((entry) => entry.attempt === attempt + 1);
  const ofAttempt = history.filter((entry) => entry.attempt === attempt);
  const letGo = ofAttempt.slice(1).some(({ to }) => to === 'PENDING' || to === 'FAILED');
  return next < 0 || letGo ? null : history[next]!.at;
}
