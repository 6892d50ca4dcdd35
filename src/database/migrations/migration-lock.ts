// Advisory locks for migrations: one installation at a time, and not concurrently with Prisma Migrate.
import { createHash } from 'node:crypto';

/** Prisma Migrate's lock, which it takes exclusively. */
export const prismaLock = 72_707_369;

/** An arbitrary number that other programs are unlikely to use. */
const lockClass = 823_140_578;

/**
 * Taken in shared mode, so that installations in different schemas wait for Prisma Migrate but not for one another.
 */
export const sharePrismaLock = `SELECT pg_advisory_xact_lock_shared(${prismaLock})`;

/** The migration lock of one schema; with an empty name, the lock for moves between schemas. */
export function migrationLock(schema: string): string {
  const key = createHash('sha256').update(schema).digest().readInt32BE();
  return `SELECT pg_advisory_xact_lock(${lockClass}, ${key})`;
}
