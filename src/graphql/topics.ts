// Topics: declared, and listed with what there is of their events.
import { limits } from '../base/limits.ts';
import { builder } from './builder.ts';
import { listed } from './listed-topic.ts';
import { amount, descriptionLimit, nameLimit } from './wording.ts';

const Topic = builder.prismaObject('Topic', {
  findUnique: null,
  description:
    'What events are about. A topic is there when it is declared, or when an event of it is stored.',
  fields: (t) => ({
    name: t.exposeString('name'),
    title: t.exposeString('title', { nullable: true }),
    description: t.exposeString('description', {
      nullable: true,
    }),
    summarySchema: t.field({
      type: 'JSON',
      nullable: true,
      description: 'The JSON Schema that summaries of its events fit; null where any does.',
      resolve: async ({ name, together }) => (await together.schemas()).get(name)?.summarySchema ?? null,
    }),
    payloadSchema: t.field({
      type: 'JSON',
      nullable: true,
      description: 'The JSON Schema that payloads of its events fit; null where any does.',
      resolve: async ({ name, together }) => (await together.schemas()).get(name)?.payloadSchema ?? null,
    }),
    declared: t.exposeBoolean('declared', {
      description: 'Whether it is declared; otherwise it has only been seen.',
    }),
    count: t.int({
      description: `How many events of it are stored. Counting stops at ${amount(limits.countCeiling)}. Counted only where it is asked for.`,
      resolve: async ({ name, together }) => (await together.counts()).get(name) ?? 0,
    }),
    lastEventAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the latest of these was sent; null where there is none.',
      resolve: async ({ name, together }) => (await together.lastEvents()).get(name) ?? null,
    }),
  }),
});

const schemaText = `A JSON Schema: an object, of draft 2020-12 unless its \`$schema\` says draft-07. Keywords and formats that are not of the standard are ignored, patterns are RE2's (without look-ahead and back references), and nothing is fetched that a \`$ref\` names. At most ${amount(limits.schemaBytes)} bytes as JSON text and ${amount(limits.schemaParts)} parts, otherwise LIMIT_EXCEEDED. What is no schema is refused with BAD_USER_INPUT, which says where.`;

const DeclareTopicInput = builder.inputType('DeclareTopicInput', {
  description:
    'All that is said of a topic: it takes the place of what was said before, so that what is left out, or null, is none.',
  fields: (t) => ({
    name: t.string({
      required: true,
      description: `Of the topic: parts of letters, digits, _ and - joined by dots, 1 to ${limits.topicLength} characters, without *.`,
    }),
    title: t.string({ description: `For people. ${nameLimit}` }),
    description: t.string({ description: `For people. ${descriptionLimit}` }),
    summarySchema: t.field({
      type: 'JSON',
      description: `What every summary of its events must fit; any does unless given. ${schemaText}`,
    }),
    payloadSchema: t.field({
      type: 'JSON',
      description: `What every payload of its events must fit; any does unless given. ${schemaText}`,
    }),
  }),
});

builder.queryField('topics', (t) =>
  t.field({
    type: [Topic],
    description: `Topics that are declared or that stored events have, by name: the first ${amount(limits.listedTopics)} at most.`,
    args: {
      prefix: t.arg.string({
        defaultValue: '',
        description: `Only those whose names begin with this, in which no character stands for others; all unless given. At most ${limits.topicLength} characters.`,
      }),
    },
    resolve: async (_root, { prefix }, { operations }) =>
      listed(operations, await operations.topics(prefix ?? '')),
  }),
);

builder.mutationField('declareTopic', (t) =>
  t.field({
    type: Topic,
    description: `Declares a topic, or declares it anew. From then on a send, or a change of a summary or payload, that does not fit is refused with TOPIC_SCHEMA_MISMATCH: here from the answer on, at other gateways of the same database a moment later. What is stored already is left as it is. At most ${amount(limits.declaredTopics)} topics can be declared, otherwise LIMIT_EXCEEDED.`,
    args: { input: t.arg({ type: DeclareTopicInput, required: true, description: 'What is said of it.' }) },
    resolve: async (_root, { input }, { operations, caller }) => {
      const record = await operations.declareTopic(caller, input);
      return listed(operations, [record])[0]!;
    },
  }),
);
