// `throughline events`: a list of events, or all of one.
import {
  EventDetailsDocument,
  type EventDetailsQuery,
  EventsDocument,
  type EventsQuery,
  type EventsQueryVariables,
} from '../../../generated/client/graphql.ts';
import type { Client } from '../../client/client.ts';
import type { Status } from '../definitions/values.ts';
import { notFound } from '../failure.ts';
import { duration } from '../output/durations.ts';
import { eventLine } from '../output/event-lines.ts';
import type { Output } from '../output/output.ts';
import { printable } from '../output/printable.ts';
import { statusColour } from '../output/colours.ts';
import { askOnce, type Session } from '../session.ts';

export interface EventsArguments {
  readonly id?: string | undefined;
  readonly topic?: readonly string[] | undefined;
  readonly status?: readonly Status[] | undefined;
  readonly project?: readonly string[] | undefined;
  readonly sender?: readonly string[] | undefined;
  readonly user?: readonly string[] | undefined;
  readonly request?: readonly string[] | undefined;
  readonly where?: string | undefined;
  readonly text?: string | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly exhausted?: true | undefined;
  readonly scheduled?: true | undefined;
  readonly oldestFirst?: true | undefined;
  readonly limit: number;
  readonly payload?: true | undefined;
}

const pageSize = 500;

export async function events(session: Session, given: EventsArguments): Promise<void> {
  const client = await session.client();
  if (given.id !== undefined) return showEvent(session, client, given.id);
  const { output } = session;
  for await (const event of list(client, given)) {
    if (output.isJson) await output.json(event);
    else {
      const { createdAt: at, status } = event;
      await output.line(eventLine(output, event, { at, status, payload: given.payload ?? false }));
    }
  }
}

async function* list(client: Client, given: EventsArguments) {
  const filter = filterOf(given);
  const orderBy = { by: 'CREATED', direction: given.oldestFirst ? 'ASC' : 'DESC' } as const;
  const { where, payload = false } = given;
  let after: string | null = null;
  for (let left = given.limit; left > 0;) {
    const variables: EventsQueryVariables = {
      filter,
      orderBy,
      ...(where !== undefined && { where }),
      payload,
      after,
      first: Math.min(left, pageSize),
    };
    const { events: page }: EventsQuery = await client.query(EventsDocument, variables, askOnce);
    yield* page.nodes;
    left -= page.nodes.length;
    if (!page.pageInfo.hasNextPage) return;
    after = page.pageInfo.endCursor;
  }
}

function filterOf(given: EventsArguments) {
  const { topic, status, project, sender, user, request, text, since, until, exhausted, scheduled } = given;
  return {
    ...(topic && { topics: topic }),
    ...(status && { statuses: status }),
    ...(project && { projects: project }),
    ...(sender && { senders: sender }),
    ...(user && { users: user }),
    ...(request && { requestIds: request }),
    ...(text !== undefined && { text }),
    ...(since !== undefined && { createdAfter: since }),
    ...(until !== undefined && { createdBefore: until }),
    ...(exhausted && { exhausted }),
    ...(scheduled && { scheduled }),
  };
}

type Details = NonNullable<EventDetailsQuery['event']>;

async function showEvent({ output }: Session, client: Client, id: string): Promise<void> {
  const { event } = await client.query(EventDetailsDocument, { id }, askOnce);
  if (!event) throw notFound(`There is no event ${id}.`, '`throughline events` lists them.');
  await output.result(event, () => describe(output, event));
}

function describe(output: Output, event: Details): string {
  const { paint } = output;
  const { payload, result, summary, error, history, dependsOn, startedAt, finishedAt, ...fields } = event;
  const row = (name: string, value: string) => `${paint('dim', name.padEnd(12))}  ${value}`;
  const plain = Object.entries({ ...fields, startedAt, finishedAt })
    .filter(([, value]) => value !== null && value !== '')
    .map(([name, value]) =>
      row(
        name,
        name === 'status' ? paint(statusColour(String(value)), String(value)) : printable(String(value)),
      ),
    );
  const objects = Object.entries({ summary, payload, result, error })
    .filter(([, value]) => value !== null && JSON.stringify(value) !== '{}')
    .map(([name, value]) => `${paint('bold', name)}\n${indented(value)}`);
  const changes = history.map(({ to, at, by, attempt, description }) =>
    [
      `  ${at}`,
      paint(statusColour(to), to.padEnd(11)),
      printable(by ?? ''),
      attempt === null || attempt === undefined ? '' : `attempt ${attempt}`,
      printable(description ?? ''),
    ]
      .filter((part) => part !== '')
      .join('  '),
  );
  return [
    ...plain,
    ...(startedAt && finishedAt
      ? [row('took', duration(Date.parse(finishedAt) - Date.parse(startedAt)))]
      : []),
    ...(dependsOn ? [row('parent', `${dependsOn.id} ${dependsOn.topic}`)] : []),
    ...objects,
    paint('bold', 'history'),
    ...changes,
  ].join('\n');
}

function indented(value: unknown): string {
  return JSON.stringify(value, null, 2)
    .split('\n')
    .map((line) => `  ${printable(line)}`)
    .join('\n');
}
