// The type ApiKey, the list of keys, and their mutations.
import { limits } from '../../base/limits.ts';
import { allScopes } from '../../domain/access/scopes.ts';
import type { CreatedKey } from '../../operations/access/keys.ts';
import { builder } from '../builder.ts';
import { connectionOf } from '../connection.ts';
import { documented } from '../documented.ts';
import { Node } from '../node.ts';
import { amount, pageArgument, patternText } from '../wording.ts';

const ApiKey = builder.prismaObject('ApiKey', {
  findUnique: null,
  interfaces: [Node],
  description: 'An API key. Its secret is shown only when it is created or rotated.',
  fields: (t) => ({
    name: t.exposeString('name'),
    prefix: t.exposeString('prefix'),
    scopes: t.field({
      type: ['String'],
      description: documented('ApiKey', 'scopes'),
      resolve: ({ scopes }) => scopes,
    }),
    projects: t.field({
      type: ['String'],
      nullable: true,
      description: documented('ApiKey', 'projects'),
      resolve: ({ projects }) => projects,
    }),
    topics: t.field({
      type: ['String'],
      nullable: true,
      description: documented('ApiKey', 'topics'),
      resolve: ({ topics }) => topics,
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    createdBy: t.exposeString('createdBy'),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', nullable: true }),
    lastUsedAt: t.expose('lastUsedAt', { type: 'DateTime', nullable: true }),
    revokedAt: t.expose('revokedAt', { type: 'DateTime', nullable: true }),
    rateLimit: t.exposeInt('rateLimit', { nullable: true }),
  }),
});

const ApiKeyConnection = connectionOf(ApiKey, 'key', 'keys');

const CreateKeyPayload = builder.objectRef<CreatedKey>('CreateKeyPayload').implement({
  description: 'A key and its secret.',
  fields: (t) => ({
    key: t.field({ type: ApiKey, description: 'The key.', resolve: ({ key }) => key }),
    secret: t.exposeString('secret', {
      description: 'The secret to authenticate with. It is not stored, and never shown again.',
    }),
  }),
});

const restrictionLimit = `1 to ${amount(limits.keyRestrictions)}`;

const CreateKeyInput = builder.inputType('CreateKeyInput', {
  description:
    'A key to create. Invalid values: BAD_USER_INPUT. More than the caller itself may do: FORBIDDEN.',
  fields: (t) => ({
    name: t.string({
      required: true,
      description: `The name under which changes are recorded, 1 to ${limits.keyNameLength} characters, unique among keys that are not revoked.`,
    }),
    scopes: t.stringList({
      required: true,
      description: `What the key may do: ${allScopes.join(', ')}.`,
    }),
    projects: t.stringList({
      description: `Only events of these projects, ${restrictionLimit} exact names. Default: all events, those without a project included.`,
    }),
    topics: t.stringList({
      description: `Only events with these topics, ${restrictionLimit}: ${patternText}. Default: all.`,
    }),
    expiresAt: t.field({
      type: 'DateTime',
      description:
        'When the key stops working, a time in the future. Required, and not later than its own, of a caller that expires. Default: never.',
    }),
    rateLimit: t.int({
      description: `Requests a minute at one gateway, 1 to ${amount(limits.keyRateLimit)}. Default: the gateway’s.`,
    }),
  }),
});

builder.queryField('keys', (t) =>
  t.field({
    type: ApiKeyConnection,
    description:
      'API keys, oldest first. A caller that is restricted to projects or topics sees the keys within its restrictions. Requires the scope keys.',
    args: {
      first: t.arg.int({ description: pageArgument.firstOnly }),
      after: t.arg.string({ description: pageArgument.after }),
      revoked: t.arg.boolean({
        defaultValue: false,
        description: 'False: keys that are not revoked. True: revoked keys. Null: both.',
      }),
    },
    resolve: (_root, args, { operations, caller }) => operations.keys(caller, args),
  }),
);

const id = 'The key’s id (a UUID). Unknown: NOT_FOUND.';
const within = 'Requires the scope keys, and everything that the key may do: otherwise FORBIDDEN.';

builder.mutationFields((t) => ({
  createKey: t.field({
    type: CreateKeyPayload,
    description: 'Creates an API key that may do at most what the caller may do. Requires the scope keys.',
    args: {
      input: t.arg({ type: CreateKeyInput, required: true, description: 'The key to create.' }),
    },
    resolve: (_root, { input }, { operations, caller }) => operations.createKey(caller, input),
  }),
  rotateKey: t.field({
    type: CreateKeyPayload,
    description: `Gives a key a new secret. The secret before an earlier rotation stops working. A revoked key: BAD_USER_INPUT. ${within}`,
    args: {
      id: t.arg.id({ required: true, description: id }),
      graceSeconds: t.arg.int({
        defaultValue: 0,
        description: `How long the old secret still works, 0 to ${amount(limits.keyGraceSeconds)} seconds. Then its sockets and streams are closed.`,
      }),
    },
    resolve: (_root, args, { operations, caller }) =>
      operations.rotateKey(caller, args.id, args.graceSeconds ?? 0),
  }),
  revokeKey: t.field({
    type: ApiKey,
    description: `Revokes a key for good: at this gateway at once, at others within a second. Its WebSockets are closed with 4403, its event streams with UNAUTHENTICATED. ${within}`,
    args: { id: t.arg.id({ required: true, description: id }) },
    resolve: (_root, args, { operations, caller }) => operations.revokeKey(caller, args.id),
  }),
}));
