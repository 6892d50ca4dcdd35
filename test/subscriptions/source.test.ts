// The source of a subscription: an unknown one is refused with similar names; topics never are.
import { expect, test } from 'vitest';
import { describeDatabases, describePostgres } from '../support/database.ts';
import { composedForEach, composedOnce, refusalOf, tester } from '../support/gateway.ts';
import { plansOf, recording, wholeReads } from '../support/plans.ts';
import { operationsOn } from '../support/gateway.ts';
import { makeKnown, subscribe } from './support.ts';

describeDatabases('the source of a subscription', (backend) => {
  const gateway = composedForEach(backend);
  const refusal = (source: string) => refusalOf(gateway().operations.subscribe(tester, { source }));

  test('may be a trigger, or the sender of any event, even a deleted one', async () => {
    await makeKnown(gateway(), 'github');
    const id = await gateway().send({ topic: 't', sender: 'shop' });
    await gateway().operations.deleteEvent(tester, id);
    for (const source of ['github', 'shop']) await subscribe(gateway(), { source });
  });

  test('is refused if it is unknown, with similar names', async () => {
    await makeKnown(gateway(), 'github', 'gitlab', 'nightly');
    for (const sender of ['shop', 'zzz', 'aaa']) await gateway().send({ topic: 't', sender });
    expect(await refusal('githib')).toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringMatching(/"githib".*the nearest are "github", "gitlab", /),
    });
    expect(await refusal('shpo')).toMatchObject({ message: expect.stringContaining('"shop"') });
  });

  test('is refused in an empty gateway too, with advice for a future sender', async () => {
    expect(await refusal('any')).toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringMatching(/there is none yet\. .*give topics/),
    });
  });

  test('is not a topic: topics may be unknown, and a topic is not a sender', async () => {
    await subscribe(gateway(), { topics: ['nobody.ever.sent'] });
    await gateway().send({ topic: 'paid' });
    expect(await refusal('paid')).toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  test('may begin with the first or the last character of the collation', async () => {
    await gateway().send({ topic: 't', sender: '\u{10ffff}' });
    await gateway().send({ topic: 't', sender: ' ' });
    await subscribe(gateway(), { source: '\u{10ffff}' });
    expect(await refusal('\u{10ffff}\u{10ffff}')).toMatchObject({ code: 'BAD_USER_INPUT' });
  });
});

describePostgres('the search for a source', (backend) => {
  const gateway = composedOnce(backend);

  test('reads a bounded part of an index, however many senders there are', async () => {
    await gateway().database.query({
      text: `INSERT INTO log (position, event_id, kind, status, at, topic, request_id, node_id, sender)
        SELECT n, gen_random_uuid(), 'CREATED', 'FINISHED', now(), 't', 'r', 'n', 'sender-' || n
        FROM generate_series(1, 3000) AS n`,
      values: [],
    });
    const { database, statements } = recording(gateway().database);
    const alone = await operationsOn(database);
    const { message } = (await refusalOf(alone.operations.subscribe(tester, { source: 'sender-2999x' }))) as {
      message: string;
    };
    await alone.stop();
    expect(message).toContain('"sender-2999"');
    const searches = statements.filter(({ text }) => text.includes('sender'));
    expect(searches.length).toBeGreaterThan(1);
    for (const search of searches)
      for (const plan of await plansOf(gateway().database, search)) expect(wholeReads(plan)).toEqual([]);
  });
});
