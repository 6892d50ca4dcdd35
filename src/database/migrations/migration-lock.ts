// The locks under which migrations are applied: one installation at a time, and not beside Prisma Migrate.
import { createHash } from 'node:crypto';

/** Prisma Migrate's, which takes it for itself alone. */
export const prismaLock = 72_707_369;

/** Any number that no other program is likely to use. */
const lockClass = 823_140_578;

/** Shared by all of ours, so that installations in several schemas wait for Prisma Migrate and not for one another. */
export const sharePrismaLock = `SELECT pg_advisory_xact_lock_shared(${prismaLock})`;

/** The lock of one schema's migrations; of the empty name, of moves from one schema to another. */
export function migrationLock(schema: string): string {
  const key = createHash('sha256').update(schema).digest().readInt32BE();
  return `SELECT pg_advisory_xact_lock(${lockClass}, ${key})`;
}
