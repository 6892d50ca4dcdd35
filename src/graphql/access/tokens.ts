// The mutation createAccessToken.
import { limits } from '../../base/limits.ts';
import type { AccessToken as AccessTokenRecord } from '../../operations/access/create-token.ts';
import { builder } from '../builder.ts';
import { amount, nameLimit, patternText } from '../wording.ts';

const AccessToken = builder.objectRef<AccessTokenRecord>('AccessToken').implement({
  description: 'A short-lived JWT that authenticates as a key does.',
  fields: (t) => ({
    token: t.exposeString('token', { description: 'Send it as `Authorization: Bearer TOKEN`.' }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      description: 'When it stops working: not later than the caller’s own key or token.',
    }),
  }),
});

const restriction = `1 to ${amount(limits.keyRestrictions)}. Default: as the caller’s.`;

const CreateAccessTokenInput = builder.inputType('CreateAccessTokenInput', {
  description:
    'An access token to create. Invalid values: BAD_USER_INPUT. More than the caller itself may do: FORBIDDEN.',
  fields: (t) => ({
    name: t.string({
      required: true,
      description: `Whom the token is for, 1 to ${limits.keyNameLength} characters; changes are recorded under this name.`,
    }),
    scopes: t.stringList({
      required: true,
      description: 'What the token allows, at most what the caller may do.',
    }),
    projects: t.stringList({ description: `Only events of these projects, ${restriction}` }),
    topics: t.stringList({ description: `Only events with these topics: ${patternText}. ${restriction}` }),
    requestIds: t.stringList({ description: `Only events of these requests. ${nameLimit} ${restriction}` }),
    expiresInSeconds: t.int({
      defaultValue: limits.defaultTokenSeconds,
      description: `How long the token works, ${limits.minTokenSeconds} to ${amount(limits.tokenSeconds)} seconds.`,
    }),
  }),
});

builder.mutationField('createAccessToken', (t) =>
  t.field({
    type: AccessToken,
    description:
      'Creates a short-lived token for a browser or a child process. It ends with the key that created it. Requires the scope keys.',
    args: {
      input: t.arg({ type: CreateAccessTokenInput, required: true, description: 'The token to create.' }),
    },
    resolve: (_root, { input }, { operations, caller }) => operations.createAccessToken(caller, input),
  }),
);
