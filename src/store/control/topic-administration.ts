// What administrators ask of declared topics: listed, and looked up by name.
import type { TopicModel } from '../../../generated/prisma/models.ts';
import { controlPlane } from '../../database/control-plane.ts';
import type { Database } from '../../database/database.ts';

/** What is said of a topic, apart from its schemas. */
export type DeclaredRow = Readonly<Pick<TopicModel, 'name' | 'title' | 'description'>>;

/** Those whose names begin with `prefix`, by name. */
export async function readDeclared(
  database: Database,
  prefix: string,
  limit: number,
): Promise<DeclaredRow[]> {
  const { topic } = await controlPlane(database);
  return topic.findMany({
    select: { name: true, title: true, description: true },
    // Prisma makes a pattern of it, in which it leaves wildcards what they are.
    where: { name: { gte: prefix, startsWith: prefix.replace(/[\\_%]/g, '\\$&') } },
    orderBy: { name: 'asc' },
    take: limit,
  });
}

/** Whether the name is declared. */
export async function isDeclaredTopic(database: Database, name: string): Promise<boolean> {
  const { topic } = await controlPlane(database);
  return (await topic.findUnique({ where: { name }, select: { name: true } })) !== null;
}
