// The routes of AYON's REST API below its path, and what each answers.
import { openApi } from './openapi.ts';
import { AyonRefusal } from './answers.ts';
import { createEvent, deleteEvent, readEvent, updateEvent } from './events/events-api.ts';
import { enroll } from './events/enroll-api.ts';
import { operateOnEvents, queryEvents } from './events/query-api.ts';
import { executeGraphQL } from './graphql/graphql-api.ts';
import type { AyonRequest } from './request.ts';

/** Undefined: 204, without a body. */
export type Answer = unknown;

export interface RouteParts {
  /** Logs an unexpected failure, and answers its id. */
  readonly report: (error: unknown) => string;
}

/** `id` is the last part of the path, if the route has one. */
type Handle = (
  request: AyonRequest,
  given: { readonly id: string; readonly body: () => Promise<string> },
  parts: RouteParts,
) => Promise<Answer> | Answer;

/** The version of AYON whose API this is: clients leave out arguments for older ones. */
const version = '1.16.0';

/** Answered without a key. */
export const publicAnswers: Readonly<Record<string, () => unknown>> = {
  'GET /': () => ({ name: 'Throughline', version }),
  'GET /api/info': () => ({ version, uptime: process.uptime() }),
  'GET /openapi.json': () => openApi,
};

function me({ user }: AyonRequest) {
  const data = { isService: true, isAdmin: true, isManager: true };
  return { name: user, active: true, attrib: {}, ownAttrib: [], data };
}

function refuseLogin(): never {
  throw new AyonRefusal(401, 'There are no passwords: use an API key.');
}

/** 204 is answered for null, too. */
function orNothing(answer: object | null): object | undefined {
  return answer ?? undefined;
}

export const routes: Readonly<Record<string, Handle>> = {
  'GET /api/users/me': me,
  'GET /api/attributes': () => ({ attributes: [] }),
  'POST /api/auth/login': refuseLogin,
  'POST /api/auth/logout': () => ({ detail: 'Logged out.' }),
  'POST /api/events': async (request, { body }) => createEvent(request, await body()),
  'GET /api/events/{id}': (request, { id }) => readEvent(request, id),
  'PATCH /api/events/{id}': async (request, { id, body }) => updateEvent(request, id, await body()),
  'DELETE /api/events/{id}': (request, { id }) => deleteEvent(request, id),
  'POST /api/enroll': async (request, { body }) => orNothing(await enroll(request, await body())),
  'POST /api/query': async (request, { body }) => queryEvents(request, await body()),
  'POST /api/eventops': async (request, { body }) => operateOnEvents(request, await body()),
  'POST /graphql': async (request, { body }, { report }) => executeGraphQL(request, await body(), report),
};

/** The route of a path below the prefix, and the id in it. */
export function routeOf(method: string, path: string): { readonly name: string; readonly id: string } {
  const [, id] = /^\/api\/events\/([^/]+)$/.exec(path) ?? [];
  if (id !== undefined) return { name: `${method} /api/events/{id}`, id };
  return { name: `${method} ${path}`, id: '' };
}

export function noRoute(method: string, path: string): AyonRefusal {
  return new AyonRefusal(
    404,
    `There is no ${method} ${path.slice(0, 200)} here: this gateway has AYON’s events (/api/events, /api/enroll, /api/query, /api/eventops, /graphql, /ws), and none of its projects, entities, settings or secrets.`,
  );
}
