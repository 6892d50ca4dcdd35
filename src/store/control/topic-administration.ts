// Control-plane queries on declared topics: list and look-up by name.
import type { TopicModel } from '../../../generated/prisma/models.ts';
import { controlPlane } from '../../database/control-plane.ts';
import type { Database } from '../../database/database.ts';

/** A declaration without its schemas. */
export type DeclaredRow = Readonly<Pick<TopicModel, 'name' | 'title' | 'description'>>;

/** The declarations whose names begin with `prefix`, by name. */
export async function readDeclared(
  database: Database,
  prefix: string,
  limit: number,
): Promise<DeclaredRow[]> {
  const { topic } = await controlPlane(database);
  return topic.findMany({
    select: { name: true, title: true, description: true },
    // Prisma does not escape LIKE wildcards in startsWith.
    where: { name: { gte: prefix, startsWith: prefix.replace(/[\\_%]/g, '\\$&') } },
    orderBy: { name: 'asc' },
    take: limit,
  });
}

/** Whether the topic is declared. */
export async function isDeclaredTopic(database: Database, name: string): Promise<boolean> {
  const { topic } = await controlPlane(database);
  return (await topic.findUnique({ where: { name }, select: { name: true } })) !== null;
}
