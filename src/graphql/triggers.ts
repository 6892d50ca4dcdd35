// Triggers: webhooks and schedules, made, listed and deleted.
import { limits } from '../base/limits.ts';
import type { HmacTerms } from '../domain/hmac.ts';
import { builder } from './builder.ts';
import { Node } from './node.ts';
import {
  HmacAlgorithm,
  HmacEncoding,
  SignatureScheme,
  TriggerKind,
  WebhookChallenge,
} from './trigger-enums.ts';
import { CreateTriggerInput } from './trigger-inputs.ts';
import { amount } from './wording.ts';

const Trigger = builder.prismaObject('Trigger', {
  findUnique: null,
  interfaces: [Node],
  description:
    'Turns HTTP deliveries or moments in time into events. These have its name as `sender`, "trigger" as `senderType`, and each begins a request of its own.',
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
  description: 'How the scheme HMAC signs the deliveries of a webhook.',
  fields: (t) => ({
    header: t.exposeString('header', { description: 'The header with the signature, in lower case.' }),
    prefix: t.exposeString('prefix', { description: 'What stands before the signature in it.' }),
    encoding: t.expose('encoding', { type: HmacEncoding, description: 'How the signature is written.' }),
    algorithm: t.expose('algorithm', { type: HmacAlgorithm, description: 'The hash function.' }),
    timestampHeader: t.exposeString('timestampHeader', {
      nullable: true,
      description: 'The header with the time of the signature, in lower case; null where that is not signed.',
    }),
    toleranceSeconds: t.exposeInt('toleranceSeconds', {
      description: 'How far that time may be from now, either way.',
    }),
    signedContent: t.exposeString('signedContent', {
      description: 'What is signed, with {body} and {timestamp} in it.',
    }),
  }),
});

builder.prismaObjectFields(Trigger, (t) => ({
  url: t.string({
    nullable: true,
    description:
      'Of a webhook: the path at this gateway, which takes deliveries there and below. Nobody can guess it; without a signature it is the secret.',
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
    description: 'Of a webhook with the scheme HMAC: how that signs.',
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
    description: `All triggers, by name: ${amount(limits.triggers)} at most.`,
    resolve: (_root, _args, { operations }) => operations.triggers(),
  }),
);

const id = 'Of the trigger, a UUID. NOT_FOUND if there is none.';

builder.mutationFields((t) => ({
  createTrigger: t.field({
    type: Trigger,
    description: 'Makes a webhook, which takes deliveries at once, or a schedule, which ticks from now on.',
    args: { input: t.arg({ type: CreateTriggerInput, required: true, description: 'What it is to be.' }) },
    resolve: (_root, { input }, { operations }) => operations.createTrigger(input),
  }),
  deleteTrigger: t.field({
    type: 'ID',
    description: 'Deletes a trigger and answers its id. Its URL is gone, it does not tick; its events stay.',
    args: { id: t.arg.id({ required: true, description: id }) },
    resolve: (_root, args, { operations }) => operations.deleteTrigger(args.id),
  }),
  setTriggerSecrets: t.field({
    type: Trigger,
    description:
      'Replaces the secrets of a webhook, any of which makes a valid signature. To rotate: set the new and the old one, give the sender the new one, then set the new one alone.',
    args: {
      id: t.arg.id({ required: true, description: id }),
      secrets: t.arg.stringList({
        required: true,
        description: `All that are valid from now on: 1 to ${limits.triggerSecrets}.`,
      }),
    },
    resolve: (_root, args, { operations }) => operations.setTriggerSecrets(args.id, args.secrets),
  }),
}));
