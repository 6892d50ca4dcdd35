// `throughline keys`: creates, lists, rotates and revokes API keys.
import {
  CreateKeyDocument,
  KeyListDocument,
  type KeyListQuery,
  RevokeKeyDocument,
  RotateKeyDocument,
} from '../../../generated/client/graphql.ts';
import type { Client } from '../../client/client.ts';
import { scopePresets } from '../../domain/access/scopes.ts';
import { Failure, notFound, usageError } from '../failure.ts';
import { confirm } from '../input/prompt.ts';
import { askOnce, type Session } from '../session.ts';

export interface CreateKeyArguments {
  readonly name: string;
  readonly preset?: keyof typeof scopePresets | undefined;
  readonly scope?: readonly string[] | undefined;
  readonly project?: readonly string[] | undefined;
  readonly topic?: readonly string[] | undefined;
  readonly expires?: string | undefined;
  readonly rateLimit?: number | undefined;
}

type Key = KeyListQuery['keys']['nodes'][number];

export async function createKey(session: Session, given: CreateKeyArguments): Promise<void> {
  const { name, preset, scope = [], project, topic, expires, rateLimit } = given;
  const scopes = [...new Set([...(preset ? scopePresets[preset] : []), ...scope])];
  if (scopes.length === 0)
    throw usageError(
      'A key needs scopes.',
      `Give --preset (${Object.keys(scopePresets).join(', ')}) or --scope.`,
    );
  const client = await session.client();
  const input = {
    name,
    scopes,
    ...(project && { projects: project }),
    ...(topic && { topics: topic }),
    ...(expires !== undefined && { expiresAt: expires }),
    ...(rateLimit !== undefined && { rateLimit }),
  };
  const { createKey: created } = await client.mutate(CreateKeyDocument, { input }, askOnce);
  await printSecret(session, created, `Created the key ${name}. Its secret cannot be shown again.`);
}

export async function listKeys(
  session: Session,
  { revoked }: { readonly revoked?: true | undefined },
): Promise<void> {
  const { output } = session;
  const keys = await allKeys(await session.client(), revoked ?? false);
  if (output.isJson) {
    for (const key of keys) await output.json(key);
    return;
  }
  const day = (time: string | null | undefined) => time?.slice(0, 16).replace('T', ' ') ?? '';
  const columns = [
    'name',
    'prefix',
    'created',
    'last used',
    revoked ? 'revoked' : 'expires',
    'restricted to',
    'scopes',
  ];
  const rows = keys.map((key) => [
    key.name,
    key.prefix,
    day(key.createdAt),
    day(key.lastUsedAt) || 'never',
    day(revoked ? key.revokedAt : key.expiresAt) || 'never',
    [...(key.projects ?? []), ...(key.topics ?? [])].join(', '),
    key.scopes.join(', '),
  ]);
  await output.line(
    output.table(
      columns.map((title) => ({ title })),
      rows,
    ),
  );
}

export async function rotateKey(
  session: Session,
  given: { readonly key: string; readonly grace: number },
): Promise<void> {
  const client = await session.client();
  const { id, name } = await keyNamed(client, given.key);
  const variables = { id, graceSeconds: Math.round(given.grace / 1_000) };
  const { rotateKey: rotated } = await client.mutate(RotateKeyDocument, variables, askOnce);
  await printSecret(session, rotated, `The key ${name} has a new secret, which cannot be shown again.`);
}

export async function revokeKey(
  session: Session,
  given: { readonly key: string; readonly yes?: true | undefined },
): Promise<void> {
  const client = await session.client();
  const { id, name } = await keyNamed(client, given.key);
  if (!given.yes && !(await confirm(`Revoke the key ${name} for good?`, '--yes')))
    throw new Failure('Nothing was revoked.');
  const { revokeKey: revoked } = await client.mutate(RevokeKeyDocument, { id }, askOnce);
  await session.output.result(revoked, () => `The key ${name} is revoked.`);
}

/** The secret alone goes to standard output, for `$(…)`. */
async function printSecret(
  { output }: Session,
  result: { readonly secret: string; readonly key: Key },
  message: string,
): Promise<void> {
  if (output.isJson) return output.json(result);
  output.message(message);
  await output.line(result.secret);
}

async function allKeys(client: Client, revoked: boolean): Promise<Key[]> {
  const all: Key[] = [];
  let after: string | null = null;
  do {
    const variables: { revoked: boolean; first: number; after: string | null } = {
      revoked,
      first: 1_000,
      after,
    };
    const { keys }: KeyListQuery = await client.query(KeyListDocument, variables, askOnce);
    all.push(...keys.nodes);
    after = keys.pageInfo.hasNextPage ? keys.pageInfo.endCursor : null;
  } while (after !== null);
  return all;
}

async function keyNamed(client: Client, name: string): Promise<Key> {
  const found = (await allKeys(client, false)).find((key) => key.name === name || key.id === name);
  if (found) return found;
  throw notFound(`There is no key ${name}.`, '`throughline keys list` lists them.');
}
