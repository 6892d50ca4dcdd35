// The gateways of the database, as they report themselves.
import sql from 'sql-template-tag';
import type { GatewayModel } from '../../../generated/prisma/models.ts';
import type { Queryable } from '../../database/database.ts';

export type Gateway = Readonly<GatewayModel>;

/** A gateway that has not reported itself for so long is gone, in seconds. */
const goneSeconds = 60;

/** By the database's clock. Removes those that are gone. */
export async function saveGateway(
  database: Queryable,
  { id, version, subscribers }: Pick<Gateway, 'id' | 'version' | 'subscribers'>,
): Promise<void> {
  await database.query(sql`
    WITH gone AS (
      DELETE FROM gateways WHERE seen_at < now() - make_interval(secs => ${goneSeconds}::float8) AND id <> ${id}::uuid
    )
    INSERT INTO gateways (id, version, started_at, seen_at, subscribers)
    VALUES (${id}::uuid, ${version}, now(), now(), ${subscribers}::int4)
    ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, subscribers = excluded.subscribers`);
}

/** Those that are not gone, earliest start first. */
export function readGateways(database: Queryable): Promise<Gateway[]> {
  return database.query(sql`
    SELECT id, version, started_at AS "startedAt", seen_at AS "lastSeenAt", subscribers FROM gateways
    WHERE seen_at >= now() - make_interval(secs => ${goneSeconds}::float8) ORDER BY started_at, id`);
}

export async function removeGateway(database: Queryable, id: string): Promise<void> {
  await database.query(sql`DELETE FROM gateways WHERE id = ${id}::uuid`);
}
