// API keys as administrators look them up: by name.
import { controlPlane } from '../../database/control-plane.ts';
import type { Database } from '../../database/database.ts';

/** Whether a key that is not revoked has this name. */
export async function hasKeyNamed(database: Database, name: string): Promise<boolean> {
  const { apiKey } = await controlPlane(database);
  return (await apiKey.findFirst({ where: { name, revokedAt: null }, select: { id: true } })) !== null;
}
