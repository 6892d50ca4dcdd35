// Subscribers that ask for different changes, and select the same of each.
import { parse } from 'graphql';
import { describe, expect, test } from 'vitest';
import { selectionKey } from '../../src/graphql/live/shared-operation.ts';
import { gateway, until } from './shared-gateway.ts';

const feed =
  'subscription ($kinds: [ChangeKind!], $full: Boolean = true) { eventFeed(kinds: $kinds) { position kind event { summary @include(if: $full) } } }';
const kinds = (...names: string[]) => ({ kinds: names });

describe('subscribers with different filters', () => {
  test('share one execution and one text of a change that both get', async () => {
    const { log, open } = gateway();
    const texts: string[][] = [[], []];
    const direct = (n: number) => (text: string) => texts[n]!.push(text) > 0;
    const all = [
      await open({ text: feed, variables: kinds('CREATED'), direct: direct(0) }),
      await open({ text: feed, variables: kinds('CREATED', 'STATUS'), direct: direct(1) }),
    ];
    const reading = all.map((results) => results.next());
    await until(() => log.streams.size === 2);
    for (const description of ['first', 'second', 'third']) log.append(description);
    await until(() => texts.every(({ length }) => length === 3));
    expect(log.counts).toMatchObject({ live: 2, executed: 3, serialised: 3 });
    expect(texts[0]).toEqual(texts[1]);
    await Promise.all(all.map((results) => results.return?.()));
    await Promise.all(reading);
  });

  test('share nothing where they select something else of it, or have other scopes', async () => {
    const { log, follow } = gateway();
    const all = await Promise.all([
      follow({ text: feed, variables: kinds('CREATED') }),
      follow({ text: feed, variables: { ...kinds('CREATED'), full: false } }),
      follow({ text: feed, variables: kinds('CREATED'), scopes: ['events:read'] }),
    ]);
    await until(() => log.streams.size === 3);
    log.append();
    await until(() => all.every(({ got }) => got.length === 1));
    expect(log.counts).toMatchObject({ live: 3, executed: 3 });
    await Promise.all(all.map(({ results }) => results.return?.()));
  });
});

describe('the selections of two operations are the same', () => {
  const keyOf = (text: string, variables: Record<string, unknown>) =>
    selectionKey({ document: parse(text), variables }, '*');

  test('whatever is given to the subscription’s own field', () => {
    expect(keyOf(feed, kinds('CREATED'))).toBe(keyOf(feed, kinds('STATUS')));
  });

  test('but not where one leaves out what the other says is null: that one has the default', () => {
    expect(keyOf(feed, {})).not.toBe(keyOf(feed, { full: null }));
    expect(keyOf(feed, {})).toBe(keyOf(feed, kinds('CREATED')));
  });

  test.each([
    ['in a directive on that field', 'subscription ($a: Boolean!) { eventFeed @include(if: $a) { kind } }'],
    [
      'further down',
      'subscription ($a: Int) { eventFeed { event { dependents(first: $a) { totalCount } } } }',
    ],
    [
      'in a fragment',
      'subscription ($a: Boolean!) { eventFeed { ...f } } fragment f on EventChange { kind @skip(if: $a) }',
    ],
    [
      'to the field within a fragment',
      'subscription ($a: Position) { ...f } fragment f on Subscription { eventFeed(after: $a) { kind } }',
    ],
    [
      'to that field and elsewhere',
      'subscription ($a: Boolean!) { eventFeed(filter: {isJob: $a}) { kind @skip(if: $a) } }',
    ],
  ])('but not where a variable is given %s', (_where, text) => {
    expect(keyOf(text, { a: 1 })).not.toBe(keyOf(text, { a: 2 }));
  });
});
