// The OpenAPI document of AYON's REST API, made of the schemas that validate the bodies.
import { type BodyName, bodySchemas } from './schemas.ts';

interface Operation {
  readonly summary: string;
  readonly body?: BodyName;
  readonly answers: Readonly<Record<string, string>>;
  readonly isPublic?: boolean;
}

const id = '/api/events/{id}';

const operations: Readonly<Record<string, Readonly<Record<string, Operation>>>> = {
  '/': { get: { summary: 'Whether the gateway is there.', answers: { 200: 'It is.' }, isPublic: true } },
  '/api/info': {
    get: { summary: 'The version that clients rely on.', answers: { 200: 'The version.' }, isPublic: true },
  },
  '/api/users/me': { get: { summary: 'Whose key it is.', answers: { 200: 'A user.' } } },
  '/api/attributes': { get: { summary: 'No attributes.', answers: { 200: 'An empty list.' } } },
  '/api/auth/login': { post: { summary: 'There are no passwords.', answers: { 401: 'Always.' } } },
  '/api/auth/logout': { post: { summary: 'Nothing to end.', answers: { 200: 'Always.' } } },
  '/api/events': {
    post: {
      summary: 'Sends an event.',
      body: 'createEvent',
      answers: { 200: 'Its id.', 409: 'The hash is taken, or dependsOn is unknown.' },
    },
  },
  [id]: {
    get: { summary: 'An event.', answers: { 200: 'The event.', 404: 'There is none.' } },
    patch: {
      summary: 'Changes an event.',
      body: 'updateEvent',
      answers: { 204: 'Changed.', 404: 'There is none.', 409: 'The attempt does not hold the job.' },
    },
    delete: { summary: 'Deletes an event.', answers: { 204: 'It is gone.', 409: 'Others depend on it.' } },
  },
  '/api/enroll': {
    post: {
      summary: 'Claims the next job of a target topic.',
      body: 'enroll',
      answers: { 200: 'The job.', 204: 'Nothing to do.' },
    },
  },
  '/api/query': {
    post: { summary: 'Events, newest first.', body: 'query', answers: { 200: 'A list of events.' } },
  },
  '/api/eventops': {
    post: {
      summary: 'Deletes, restarts or aborts what a filter selects.',
      body: 'eventops',
      answers: { 200: 'null.' },
    },
  },
  '/graphql': {
    post: {
      summary: 'The query events.',
      body: 'graphql',
      answers: { 200: 'Data, errors, or both.' },
    },
  },
};

const error = { $ref: '#/components/schemas/error' };
const json = (schema: object) => ({ 'application/json': { schema } });

function operationOf({ summary, body, answers, isPublic = false }: Operation, path: string): object {
  const described = Object.entries(answers).map(([status, description]) => [
    status,
    { description, ...(Number(status) >= 400 && { content: json(error) }) },
  ]);
  const refusals = isPublic
    ? []
    : [['401', { description: 'The key is missing or unknown.', content: json(error) }]];
  return {
    summary,
    ...(path.includes('{id}') && {
      parameters: [
        { name: 'id', in: 'path', required: true, schema: { type: 'string', pattern: '^[0-9a-f]{32}$' } },
      ],
    }),
    ...(body && {
      requestBody: { required: true, content: json({ $ref: `#/components/schemas/${body}` }) },
    }),
    responses: {
      ...Object.fromEntries(described),
      ...Object.fromEntries(refusals),
      ...(body && { '400': { description: 'The body is wrong.', content: json(error) } }),
    },
    security: isPublic ? [] : [{ key: [] }],
  };
}

/** Paths are those below the prefix. */
export const openApi = {
  openapi: '3.1.0',
  info: {
    title: 'AYON’s event API at a Throughline gateway',
    version: '1.16.0',
    description: 'Names in bodies may also be in snake_case; unknown ones are ignored.',
  },
  servers: [{ url: '/ayon' }],
  paths: Object.fromEntries(
    Object.entries(operations).map(([path, methods]) => [
      path,
      Object.fromEntries(
        Object.entries(methods).map(([method, operation]) => [method, operationOf(operation, path)]),
      ),
    ]),
  ),
  components: {
    securitySchemes: { key: { type: 'apiKey', in: 'header', name: 'X-Api-Key' } },
    schemas: {
      ...bodySchemas,
      error: {
        type: 'object',
        required: ['code', 'detail'],
        properties: { code: { type: 'integer' }, detail: { type: 'string' } },
      },
    },
  },
};
