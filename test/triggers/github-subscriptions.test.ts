// The 329 real deliveries of GitHub through a webhook: each subscription gets those that plain JavaScript would pick.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deliveries, type Delivery } from '../../examples/demo/deliveries.ts';
import { describeDatabases } from '../support/database.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { deliverAsGitHub } from './deliveries.ts';
import { createTrigger } from './support.ts';

interface Case {
  /** Null for none. */
  readonly where: string | null;
  readonly picks: (payload: any, name: string) => boolean;
  /** Where the filter asks for what is not there; nowhere unless given. */
  readonly fails?: (payload: any, name: string) => boolean;
}

const event = `data.headers['X-Github-Event']`;
const json = 'data.body.json';

const cases: readonly Case[] = [
  { where: null, picks: () => true },
  { where: `${event} == 'pull_request'`, picks: (_payload, name) => name === 'pull_request' },
  {
    where: `${event} in ['issues', 'issue_comment', 'nothing']`,
    picks: (_payload, name) => ['issues', 'issue_comment', 'nothing'].includes(name),
  },
  {
    where: `${event}.startsWith('pull_request') && ${event} != 'pull_request'`,
    picks: (_payload, name) => name.startsWith('pull_request') && name !== 'pull_request',
  },
  {
    where: `${event} == 'issues' && ${json}.action == 'opened'`,
    picks: ({ action }, name) => name === 'issues' && action === 'opened',
  },
  {
    where: `${json}.action == 'opened'`,
    picks: ({ action }) => action === 'opened',
    fails: ({ action }) => action === undefined,
  },
  {
    where: `has(${json}.action) && ${json}.action in ['opened', 'reopened']`,
    picks: ({ action }) => ['opened', 'reopened'].includes(action),
  },
  {
    where: `has(${json}.action) ? ${json}.action.endsWith('ed') : ${event} == 'push'`,
    picks: ({ action }, name) => (action === undefined ? name === 'push' : action.endsWith('ed')),
  },
  { where: `!has(${json}.repository)`, picks: ({ repository }) => repository === undefined },
  {
    where: `${json}.repository.full_name.startsWith('octo-org/')`,
    picks: ({ repository }) => repository?.full_name.startsWith('octo-org/') === true,
    fails: ({ repository }) => repository === undefined,
  },
  {
    where: `has(${json}.repository) && !${json}.repository.private && ${json}.repository.open_issues_count >= 2`,
    picks: ({ repository }) =>
      repository !== undefined && !repository.private && repository.open_issues_count >= 2,
  },
  {
    where: `has(${json}.issue) && has(${json}.issue.labels) && ${json}.issue.labels.exists(l, l.name == 'bug')`,
    picks: ({ issue }) => issue?.labels?.some((label: any) => label.name === 'bug') === true,
  },
  {
    where: `${json}.commits.exists(c, size(c.added) + size(c.modified) > 0)`,
    picks: ({ commits = [] }) => commits.some((c: any) => c.added.length + c.modified.length > 0),
    fails: ({ commits }) => commits === undefined,
  },
  {
    where: `size(${json}.pull_request.requested_reviewers) > 0`,
    picks: ({ pull_request: request }) => request?.requested_reviewers?.length > 0,
    fails: ({ pull_request: request }) => request?.requested_reviewers === undefined,
  },
  {
    where: `${json}.sender.type == 'User' && ${json}.sender.login.matches('^[A-Z][a-z]+$')`,
    picks: ({ sender }) => sender?.type === 'User' && /^[A-Z][a-z]+$/.test(sender.login),
    fails: ({ sender }) => sender === undefined,
  },
  {
    where: `size(data.body.text) > 10000 && data.method == 'POST' && event_type == 'post'`,
    picks: (payload) => [...JSON.stringify(payload)].length > 10_000,
  },
];

const subscribe = `mutation($where: String) {
  subscribe(input: { source: "github", where: $where }) { id } }`;
const nextEvent = `mutation($ids: [ID!]!) {
  nextEvent(subscriptionIds: $ids, timeoutMs: 0) { event { id } } }`;
const events = 'subscription($ids: [ID!]!) { subscriptionEvents(ids: $ids) { event { id } } }';

describeDatabases('The deliveries of GitHub', (backend) => {
  let gateway: TestGateway;
  /** Of the subscriptions, in the order of the cases. */
  const ids: string[] = [];
  const numbers = new Map<string, number>();
  let pushed: Promise<{ subscriptionEvents: { event: { id: string } } }[]>;
  const pushedCase = cases.find(({ where }) => where?.includes('exists(l'))!;

  beforeAll(async () => {
    gateway = await startGateway(await backend.target());
    const webhook = { signature: 'GITHUB', secret: 'hush', dedupeHeader: 'X-GitHub-Delivery' };
    const { url } = await createTrigger(gateway, { name: 'github', webhook });
    for (const { where } of cases) ids.push(await subscribed(where));
    const reader = gateway.subscribe<{ subscriptionEvents: { event: { id: string } } }>(events, {
      ids: [await subscribed(pushedCase.where)],
    });
    pushed = reader.take(picked(pushedCase).length).finally(() => reader.stop());
    pushed.catch(() => {});
    for (let at = 0; at < deliveries.length; at += 20) {
      const some = deliveries.slice(at, at + 20);
      const sent = await Promise.all(
        some.map((delivery) => deliverAsGitHub(gateway, url!, 'hush', delivery)),
      );
      for (const [n, { status, eventId }] of sent.entries()) {
        expect(status).toBe(202);
        numbers.set(eventId!, some[n]!.number);
      }
    }
  });
  afterAll(() => gateway.stop());

  async function subscribed(where: string | null): Promise<string> {
    const { data, errors } = await gateway.ask<{ subscribe: { id: string } }>(subscribe, { where });
    expect(errors).toEqual([]);
    return data!.subscribe.id;
  }

  /** Asked for at once; fewer where there are fewer. */
  async function nextOnes(id: string, count: number): Promise<number[]> {
    const ask = () => gateway.ask<{ nextEvent: { event: { id: string } } | null }>(nextEvent, { ids: [id] });
    const answers = await Promise.all(Array.from({ length: count }, ask));
    expect(answers.flatMap(({ errors }) => errors)).toEqual([]);
    return answers.flatMap(({ data }) => numbers.get(data!.nextEvent?.event.id ?? '') ?? []);
  }

  function picked({ picks }: Case): number[] {
    return deliveries.filter(({ payload, name }) => picks(payload, name)).map(numberOf);
  }

  test.each(cases)('reach the subscription with the filter $where', async (one) => {
    const id = ids[cases.indexOf(one)]!;
    const got: number[] = [];
    let batch: number[];
    do {
      batch = await nextOnes(id, 20);
      got.push(...batch);
    } while (batch.length > 0);
    expect(got.sort((a, b) => a - b)).toEqual(picked(one));
    expect(got.length).toBeGreaterThan(0);
    const { data } = await gateway.ask<{ node: { filterErrors: number; lag: number } }>(
      'query($id: ID!) { node(id: $id) { ... on DurableSubscription { filterErrors lag } } }',
      { id },
    );
    const { fails = () => false } = one;
    const failing = deliveries.filter(({ payload, name }) => fails(payload, name));
    expect(data!.node).toEqual({ filterErrors: failing.length, lag: 0 });
  });

  test('are pushed to one who subscribed', async () => {
    const got = (await pushed).map(({ subscriptionEvents: { event } }) => numbers.get(event.id)!);
    expect(got.sort((a, b) => a - b)).toEqual(picked(pushedCase));
  });
});

function numberOf({ number }: Delivery): number {
  return number;
}
