// App folders for tests, written from a table of files, and a gateway port that records its calls.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';
import type { Logger } from '../../src/base/logger.ts';
import type { EventLogQuery } from '../../src/operations/operations.ts';
import type { PartialEvent } from '../../src/domain/events/event.ts';
import type { HandledEvent, Handler, Run } from '../../src/domain/handlers/handler.ts';
import type { SendInput } from '../../src/domain/events/send.ts';
import { type App } from '../../src/handlers/app/app.ts';
import { loadApp } from '../../src/handlers/app/folder.ts';
import type { GatewayPort } from '../../src/handlers/gateway-port.ts';
import { runLogger, withRun } from '../../src/handlers/running/run-context.ts';

export type Files = Readonly<Record<string, unknown>>;

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

/** A new folder with these files; content other than text becomes JSON. */
export async function appFolder(files: Files): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'throughline-app-'));
  folders.push(folder);
  await writeFiles(folder, files);
  return folder;
}

export async function writeFiles(folder: string, files: Files): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), typeof content === 'string' ? content : JSON.stringify(content));
  }
}

/** The log lines, each with its level and the fields of its logger. */
export interface Line {
  readonly level: string;
  readonly message: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

export interface FakePort extends GatewayPort {
  readonly sent: SendInput[];
  readonly lines: Line[];
  readonly queries: EventLogQuery[];
  readonly events: PartialEvent[];
}

export function fakePort(): FakePort {
  const sent: SendInput[] = [];
  const lines: Line[] = [];
  const queries: EventLogQuery[] = [];
  const events: PartialEvent[] = [];
  return {
    sent,
    lines,
    queries,
    events,
    logger: fakeLogger(lines),
    async send(input) {
      sent.push(input);
      const id = `event-${sent.length}`;
      return { event: { id, requestId: 'request-1', nodeId: id }, executions: [] };
    },
    async eventLog(query) {
      queries.push(query);
      return events;
    },
    countEventLog: async () => ({ count: events.length, exact: true }),
    eventsOfRequest: async (requestId) => events.filter((event) => event.requestId === requestId),
    eventsBelowNode: async (_requestId, nodeId) => events.filter((event) => event.nodeId === nodeId),
    eventsByIds: async (ids) => new Map(ids.map((id) => [id, { id, nodeId: `node of ${id}` }])),
  };
}

function fakeLogger(lines: Line[], bound: Readonly<Record<string, unknown>> = {}): Logger {
  const line = (level: string) => (facts: object, message: string) =>
    void lines.push({ level, message, facts: { ...bound, ...facts } });
  return {
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    child: (more: object) => fakeLogger(lines, { ...bound, ...more }),
  } as unknown as Logger;
}

/** The app in a new folder with these files. */
export async function appWith(
  files: Files,
  port: GatewayPort = fakePort(),
  loadTimeoutMs = 1_000,
): Promise<App> {
  return loadApp(await appFolder(files), { port, loadTimeoutMs });
}

/** An event of events.NormalType unless said otherwise. */
export function anEvent(given: Partial<HandledEvent> = {}): HandledEvent {
  return {
    id: 'source-1',
    topic: 'services.Shop.paid',
    eventType: 'events.NormalType',
    sender: null,
    senderType: null,
    project: null,
    user: null,
    requestId: 'request-1',
    nodeId: 'source-1',
    status: 'FINISHED',
    summary: {},
    payload: {},
    createdAt: new Date(0),
    ...given,
  };
}

export function aRun(given: Partial<Run> = {}): Run {
  return {
    eventId: 'run-1',
    requestId: 'request-1',
    nodeId: 'run-1',
    attempt: 1,
    signal: new AbortController().signal,
    ...given,
  };
}

/** Runs a handler of the app as the dispatcher would. */
export async function runHandler(
  app: App,
  fullName: string,
  event: HandledEvent,
  { run = aRun(), port = fakePort() }: { run?: Run; port?: GatewayPort } = {},
): Promise<unknown> {
  const handler = handlerOf(app, fullName);
  return withRun({ app: app.api, event, run, log: runLogger(port.logger, handler, run) }, () =>
    handler.run(event, run),
  );
}

export function handlerOf(app: App, fullName: string): Handler {
  const handler = app.handlers.find((known) => known.fullName === fullName);
  if (!handler) throw new Error(`no ${fullName}: ${JSON.stringify(app.broken)}`);
  return handler;
}

/** `events/<name>` with this e.json, and an inner.ts that returns its arguments. */
export function anElement(name: string, config: object): Files {
  return {
    [`events/${name}/e.json`]: config,
    [`events/${name}/inner.ts`]: 'export function customFunc(...args: unknown[]) { return args; }',
  };
}
