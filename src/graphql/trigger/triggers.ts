// The type Trigger (webhooks and schedules), its list and its mutations.
import { limits } from '../../base/limits.ts';
import type { HmacTerms } from '../../domain/triggers/hmac.ts';
import { builder } from '../builder.ts';
import { Node } from '../node.ts';
import {
  HmacAlgorithm,
  HmacEncoding,
  SignatureScheme,
  TriggerKind,
  WebhookChallenge,
} from './trigger-enums.ts';
import { CreateTriggerInput, UpdateTriggerInput } from './trigger-inputs.ts';
import { amount } from '../wording.ts';

const Trigger = builder.prismaObject('Trigger', {
  findUnique: null,
  interfaces: [Node],
  description:
    'Creates events from HTTP requests (webhook) or on a cron schedule. Its events have the trigger’s name as `sender`, "trigger" as `senderType`, and a new request each.',
  fields: (t) => ({
    name: t.exposeString('name'),
    kind: t.expose('kind', { type: TriggerKind }),
    topic: t.exposeString('topic'),
    eventType: t.exposeString('eventType', {
      nullable: true,
    }),
    where: t.exposeString('where', {
      nullable: true,
    }),
    filterErrors: t.exposeInt('filterErrors'),
    lastFilterError: t.exposeString('lastFilterError', {
      nullable: true,
    }),
    call: t.exposeString('call', { nullable: true }),
    enabled: t.exposeBoolean('enabled'),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
  }),
});

const Hmac = builder.objectRef<HmacTerms>('Hmac').implement({
  description: 'The configuration of the signature scheme HMAC.',
  fields: (t) => ({
    header: t.exposeString('header', {
      description: 'The header that contains the signature, in lower case.',
    }),
    prefix: t.exposeString('prefix', { description: 'The text before the signature in the header.' }),
    encoding: t.expose('encoding', { type: HmacEncoding, description: 'The encoding of the signature.' }),
    algorithm: t.expose('algorithm', { type: HmacAlgorithm, description: 'The hash function.' }),
    timestampHeader: t.exposeString('timestampHeader', {
      nullable: true,
      description: 'The header with the signed timestamp, in lower case; null if there is none.',
    }),
    toleranceSeconds: t.exposeInt('toleranceSeconds', {
      description: 'Maximum difference between the timestamp and the current time, in seconds.',
    }),
    signedContent: t.exposeString('signedContent', {
      description: 'The template of the signed text, with {body} and {timestamp}.',
    }),
  }),
});

builder.prismaObjectFields(Trigger, (t) => ({
  url: t.string({
    nullable: true,
    description:
      'Webhook: the path of its URL at this gateway; sub-paths are accepted, too. Unguessable: without a signature it is the secret.',
    resolve: ({ slug }) => (slug === null ? null : `/webhooks/${slug}`),
  }),
  signature: t.expose('signature', {
    type: SignatureScheme,
    nullable: true,
  }),
  dedupeHeader: t.exposeString('dedupeHeader', {
    nullable: true,
  }),
  hmac: t.field({
    type: Hmac,
    nullable: true,
    description: 'Webhook with the scheme HMAC: its configuration.',
    resolve: ({ hmac }) => hmac as HmacTerms | null,
  }),
  challenge: t.expose('challenge', { type: WebhookChallenge, nullable: true }),
  keepCredentials: t.exposeBoolean('keepCredentials'),
  allowedOrigins: t.exposeStringList('allowedOrigins'),
  cron: t.exposeString('cron', { nullable: true }),
  timezone: t.exposeString('timezone', {
    nullable: true,
  }),
  nextRun: t.expose('nextRun', {
    type: 'DateTime',
    nullable: true,
  }),
  lastTick: t.expose('lastTick', {
    type: 'DateTime',
    nullable: true,
  }),
}));

builder.queryField('triggers', (t) =>
  t.field({
    type: [Trigger],
    description: `All triggers, by name; at most ${amount(limits.triggers)}.`,
    resolve: (_root, _args, { operations }) => operations.triggers(),
  }),
);

const id = 'The trigger’s id (a UUID). Unknown: NOT_FOUND.';

builder.mutationFields((t) => ({
  createTrigger: t.field({
    type: Trigger,
    description: 'Creates a webhook or a schedule, active at once.',
    args: {
      input: t.arg({ type: CreateTriggerInput, required: true, description: 'The trigger to create.' }),
    },
    resolve: (_root, { input }, { operations }) => operations.createTrigger(input),
  }),
  updateTrigger: t.field({
    type: Trigger,
    description:
      'Changes a trigger; its URL, name and secrets stay. A schedule that is enabled or changed continues with its next tick.',
    args: { input: t.arg({ type: UpdateTriggerInput, required: true, description: 'What to change.' }) },
    resolve: (_root, { input }, { operations }) => operations.updateTrigger(input),
  }),
  deleteTrigger: t.field({
    type: 'ID',
    description: 'Deletes a trigger and returns its id. Its events are kept.',
    args: { id: t.arg.id({ required: true, description: id }) },
    resolve: (_root, args, { operations }) => operations.deleteTrigger(args.id),
  }),
  setTriggerSecrets: t.field({
    type: Trigger,
    description:
      'Replaces the signing secrets of a webhook; a signature with any of them is valid. To rotate: set the new and the old secret, change the sender, then set only the new one.',
    args: {
      id: t.arg.id({ required: true, description: id }),
      secrets: t.arg.stringList({
        required: true,
        description: `All valid secrets, 1 to ${limits.triggerSecrets}.`,
      }),
    },
    resolve: (_root, args, { operations }) => operations.setTriggerSecrets(args.id, args.secrets),
  }),
}));
