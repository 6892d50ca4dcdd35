// Prisma Client for the control plane, created on first use, so that a start without control-plane queries costs
// nothing.
import type { PrismaClient } from '../../generated/prisma/client.ts';
import type { Database } from './database.ts';

/** Database failures are thrown as the port's errors. */
export type ControlPlane = PrismaClient;

const clients = new WeakMap<Database, Promise<ControlPlane>>();

/** The database's client. It shares the database's connections and closes with it. */
export function controlPlane(database: Database): Promise<ControlPlane> {
  const known = clients.get(database);
  if (known) return known;
  const opening = open(database);
  clients.set(database, opening);
  return opening;
}

async function open(database: Database): Promise<ControlPlane> {
  const [{ PrismaClient }, { PortFailure, prismaAdapter }] = await Promise.all([
    import('../../generated/prisma/client.ts'),
    import('./prisma-adapter.ts'),
  ]);
  const client = new PrismaClient({ adapter: prismaAdapter(database), errorFormat: 'minimal' });
  const extended = client.$extends({
    query: {
      async $allOperations({ args, query }) {
        try {
          return await query(args);
        } catch (error) {
          throw error instanceof PortFailure ? error.cause : error;
        }
      },
    },
  });
  // Query extensions do not change the type.
  return extended as unknown as ControlPlane;
}
