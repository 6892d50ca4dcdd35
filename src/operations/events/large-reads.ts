// Reads of events with large JSON: small ones at once, large ones a few at a time.
import { limits } from '../../base/limits.ts';
import type { Database } from '../../database/database.ts';
import { readLanes } from '../../database/expensive-reads.ts';

/** JSON that is read at once, in bytes; of a single event it may be more. */
const smallBytes = 1_048_576;

/**
 * What `read` finds within `limits.pageBytes`. Where that is large, it is read in one of the lanes, in which callers take
 * turns, so that neither the database's connections nor the memory are full of large answers.
 */
export async function readLarge<Answer extends { readonly isCut: boolean }>(
  database: Database,
  caller: string,
  read: (maxBytes: number) => Promise<Answer>,
): Promise<Answer> {
  const answer = await read(smallBytes);
  return answer.isCut ? readLanes(database).run(caller, () => read(limits.pageBytes)) : answer;
}
