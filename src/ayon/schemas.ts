// JSON Schemas of the bodies that AYON's REST API takes; the OpenAPI document is made of them.
import { limits } from '../base/limits.ts';
import { statusNames } from './values.ts';

/** The properties of a body. `required` ones must be there; of the others, null means "not given" unless `keepsNull`. */
export interface BodySchema {
  readonly type: 'object';
  readonly description: string;
  readonly required?: readonly string[];
  readonly properties: Readonly<Record<string, object>>;
}

const text = (description: string) => ({ type: 'string', description });
const flag = (description: string) => ({ type: 'boolean', description });
const object = (description: string) => ({ type: 'object', description });
const id = (description: string) => ({ type: 'string', pattern: '^[0-9a-f]{32}$', description });
const whole = (description: string, minimum: number, maximum?: number) => ({
  type: 'integer',
  minimum,
  ...(maximum !== undefined && { maximum }),
  description,
});
const texts = (description: string) => ({ type: 'array', items: { type: 'string' }, description });

/** Conditions are checked further when they are read. */
const filter = object(
  'Conditions: {"operator": "and" or "or", "conditions": [{"key", "operator", "value"}, or such an object again]}.',
);

export const bodySchemas = {
  createEvent: {
    type: 'object',
    description: 'An event to be sent.',
    required: ['topic'],
    properties: {
      topic: text('Letters, digits, _ and -, in parts joined by dots.'),
      sender: text('Default: X-Sender.'),
      hash: text('Unique over all topics; taken: 409, unless reuse. Default: the id.'),
      project: text('A project’s name.'),
      user: text('Default: the caller, or X-as-user.'),
      dependsOn: id('The event that caused it. Unknown: 409.'),
      description: text('Default: empty.'),
      summary: object('Default: {}.'),
      payload: object('Default: {}.'),
      finished: flag('False: the event is pending. Default: true.'),
      store: flag('False: sent to listeners of /ws, and not stored. Default: true.'),
      reuse: flag('True: the event that has the hash is replaced. Default: false.'),
    },
  },
  updateEvent: {
    type: 'object',
    description: 'What is to change; a field that is null or absent stays.',
    properties: {
      sender: text('Default: X-Sender, unless progress alone is given.'),
      project: text('A project’s name.'),
      projectName: text('The earlier name of project.'),
      user: text('A user’s name.'),
      status: { type: 'string', enum: statusNames, description: 'Any may follow any.' },
      description: text('A sentence.'),
      summary: object('Replaces the summary.'),
      payload: object('Replaces the payload.'),
      progress: { type: 'number', minimum: 0, maximum: 100, description: 'Told on /ws, not stored.' },
      retries: whole('How often it was retried.', 0, 2 ** 31 - 1),
      attempt: whole(
        'The fencing token of enroll: 409 if the attempt holds the job no longer.',
        1,
        2 ** 31 - 1,
      ),
    },
  },
  enroll: {
    type: 'object',
    description: 'A request for a job.',
    required: ['sourceTopic', 'targetTopic'],
    properties: {
      sourceTopic: {
        description: 'One topic or several; * is any run of characters.',
        anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }],
      },
      targetTopic: text('The topic of the jobs.'),
      sender: text('Who holds the job. Default: X-Sender, else ayon_server.'),
      senderType: text('Default: X-Sender-Type, else api.'),
      description: text('Of the job. Default: Convert from … to ….'),
      sequential: flag('One job of the target at a time, in the order of the sources. Default: false.'),
      filter,
      maxRetries: whole('Default: 3.', 0, limits.maxRetries),
      ignoreSenderTypes: texts('Sources of these sender types are passed over.'),
      ignoreOlderThan: {
        type: 'number',
        minimum: 0,
        maximum: limits.ignoreOlderThanDays,
        description: 'Days; 0 is no limit. Default: 3.',
      },
      slothMode: flag('Ignored.'),
      leaseSeconds: {
        type: 'number',
        minimum: limits.minLeaseMs / 1_000,
        maximum: limits.maxLeaseMs / 1_000,
        description: `How long the job is held after its latest PATCH. Default: ${limits.ayonLeaseMs / 3_600_000} hours.`,
      },
      sticky: flag('Whether a sender gets its own unfinished job again. Default: true.'),
    },
  },
  query: {
    type: 'object',
    description: 'A query for events, newest first.',
    required: ['entity'],
    properties: {
      entity: { type: 'string', enum: ['event'], description: 'Only events.' },
      filter,
      limit: whole('Default: 100.', 0, limits.ayonQueryLimit),
      offset: whole('Default: 0.', 0, limits.ayonQueryOffset),
    },
  },
  eventops: {
    type: 'object',
    description: 'An operation on all events that a filter selects.',
    required: ['type', 'filter'],
    properties: {
      type: { type: 'string', enum: ['delete', 'restart', 'abort'], description: 'What to do.' },
      filter,
    },
  },
  graphql: {
    type: 'object',
    description: 'A GraphQL request.',
    required: ['query'],
    properties: {
      query: text('The document.'),
      variables: object('By name.'),
      operationName: text('Which operation of the document.'),
    },
  },
} as const satisfies Record<string, BodySchema>;

export type BodyName = keyof typeof bodySchemas;
