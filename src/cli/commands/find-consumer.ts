// The consumers of a gateway, and those that a name, an id or a target topic means.
import { ConsumerListDocument, type ConsumerListQuery } from '../../../generated/client/graphql.ts';
import type { Client } from '../../client/client.ts';
import { notFound } from '../failure.ts';
import { askOnce } from '../session.ts';

export type Consumer = ConsumerListQuery['consumers']['nodes'][number];

export async function listConsumers(client: Client): Promise<Consumer[]> {
  const all: Consumer[] = [];
  let after: string | null = null;
  do {
    const variables: { first: number; after: string | null } = { first: 200, after };
    const { consumers }: ConsumerListQuery = await client.query(ConsumerListDocument, variables, askOnce);
    all.push(...consumers.nodes);
    after = consumers.pageInfo.hasNextPage ? consumers.pageInfo.endCursor : null;
  } while (after !== null);
  return all;
}

/** Each name must mean something. */
export function consumersNamed(consumers: readonly Consumer[], names: readonly string[]): Consumer[] {
  const found = names.map((name) => {
    const named = consumers.filter((consumer) => consumer.id === name || consumer.name === name);
    const meant = named.length > 0 ? named : consumers.filter(({ targetTopic }) => targetTopic === name);
    if (meant.length > 0) return meant;
    throw notFound(
      `There is no consumer ${name}.`,
      '`throughline consumers` lists names, ids and target topics.',
    );
  });
  return [...new Set(found.flat())];
}

export function nameOf({ name, id }: Consumer): string {
  return name ?? id;
}
