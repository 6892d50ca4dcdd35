// The type Topic, its list, and the declaration of topics.
import { limits } from '../../base/limits.ts';
import { builder } from '../builder.ts';
import { listed } from './listed-topic.ts';
import { amount, descriptionLimit, nameLimit } from '../wording.ts';

const Topic = builder.prismaObject('Topic', {
  findUnique: null,
  description: 'A topic: it exists if it is declared, or if an event with it is stored.',
  fields: (t) => ({
    name: t.exposeString('name'),
    title: t.exposeString('title', { nullable: true }),
    description: t.exposeString('description', {
      nullable: true,
    }),
    summarySchema: t.field({
      type: 'JSON',
      nullable: true,
      description: 'The JSON Schema of summaries; null if any is valid.',
      resolve: async ({ name, together }) => (await together.schemas()).get(name)?.summarySchema ?? null,
    }),
    payloadSchema: t.field({
      type: 'JSON',
      nullable: true,
      description: 'The JSON Schema of payloads; null if any is valid.',
      resolve: async ({ name, together }) => (await together.schemas()).get(name)?.payloadSchema ?? null,
    }),
    declared: t.exposeBoolean('declared', {
      description: 'Whether the topic is declared. False: it is only used by events.',
    }),
    count: t.int({
      description: `The number of stored events. Counting stops at ${amount(limits.countCap)}. Computed only if selected.`,
      resolve: async ({ name, together }) => (await together.counts()).get(name) ?? 0,
    }),
    lastEventAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the latest stored event was created; null if there is none.',
      resolve: async ({ name, together }) => (await together.lastEvents()).get(name) ?? null,
    }),
  }),
});

const schemaText = `An object: JSON Schema draft 2020-12, or draft-07 if \`$schema\` says so. Unknown keywords and formats are ignored, patterns use RE2 syntax (no look-ahead, no back references), and remote \`$ref\`s are not fetched. At most ${amount(limits.schemaBytes)} bytes as JSON text and ${amount(limits.schemaParts)} parts; otherwise LIMIT_EXCEEDED. Invalid schema: BAD_USER_INPUT. Default: any value is valid.`;

const DeclareTopicInput = builder.inputType('DeclareTopicInput', {
  description:
    'The declaration of a topic. It replaces an earlier one completely: fields that are omitted or null are removed.',
  fields: (t) => ({
    name: t.string({
      required: true,
      description: `The topic: parts of letters, digits, _ and -, separated by dots; 1 to ${limits.topicLength} characters. Not a pattern.`,
    }),
    title: t.string({ description: `A title for people. ${nameLimit}` }),
    description: t.string({ description: `A description for people. ${descriptionLimit}` }),
    summarySchema: t.field({
      type: 'JSON',
      description: `The schema of summaries. ${schemaText}`,
    }),
    payloadSchema: t.field({
      type: 'JSON',
      description: `The schema of payloads. ${schemaText}`,
    }),
  }),
});

builder.queryField('topics', (t) =>
  t.field({
    type: [Topic],
    description: `Declared topics and topics of stored events, by name; at most ${amount(limits.listedTopics)}.`,
    args: {
      prefix: t.arg.string({
        defaultValue: '',
        description: `Only topics that begin with this text, which has no wildcards. At most ${limits.topicLength} characters.`,
      }),
    },
    resolve: async (_root, { prefix }, { operations }) =>
      listed(operations, await operations.topics(prefix ?? '')),
  }),
);

builder.mutationField('declareTopic', (t) =>
  t.field({
    type: Topic,
    description: `Declares a topic or replaces its declaration. From then on, summaries and payloads that do not match the schemas are refused with TOPIC_SCHEMA_MISMATCH, at other gateways after a short delay. Stored events are not checked. More than ${amount(limits.declaredTopics)} declared topics: LIMIT_EXCEEDED.`,
    args: { input: t.arg({ type: DeclareTopicInput, required: true, description: 'The declaration.' }) },
    resolve: async (_root, { input }, { operations, caller }) => {
      const record = await operations.declareTopic(caller, input);
      return listed(operations, [record])[0]!;
    },
  }),
);
