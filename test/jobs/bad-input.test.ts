// What enrolling refuses, and with what words.
import { expect, test } from 'vitest';
import { describeEmbedded } from '../support/database.ts';
import { composedOnce, refusalOf } from '../support/gateway.ts';
import { type Asked, enrollMany, take } from './support.ts';

const long = 'x'.repeat(501);
const many = Array.from({ length: 1_001 }, (_, n) => `t${n}`);

const wrong: readonly (readonly [what: string, asked: Partial<Asked>, code: string, message: RegExp])[] = [
  ['no topics', { sourceTopics: [] }, 'BAD_USER_INPUT', /sourceTopics is empty; name at least one topic/],
  [
    'an empty topic',
    { sourceTopics: [''] },
    'BAD_USER_INPUT',
    /sourceTopics has "", which is not a topic pattern/,
  ],
  ['a topic with %', { sourceTopics: ['a%'] }, 'BAD_USER_INPUT', /sourceTopics has "a%"/],
  ['too many topics', { sourceTopics: many }, 'LIMIT_EXCEEDED', /1001 topics; at most 1000/],
  ['* in the target', { targetTopic: 'a.*' }, 'BAD_USER_INPUT', /targetTopic "a\.\*" has a \*/],
  ['an empty target', { targetTopic: '' }, 'BAD_USER_INPUT', /targetTopic "" is not a topic/],
  ['an empty worker', { worker: '' }, 'BAD_USER_INPUT', /worker has 0 characters; 1 to 500/],
  ['a long worker', { worker: long }, 'BAD_USER_INPUT', /worker has 501 characters; 1 to 500/],
  ['a long sender', { sender: long }, 'BAD_USER_INPUT', /sender has 501/],
  ['a long sender type', { senderType: long }, 'BAD_USER_INPUT', /senderType has 501/],
  ['a long project', { project: long }, 'BAD_USER_INPUT', /project has 501/],
  ['a long description', { description: 'x'.repeat(10_001) }, 'BAD_USER_INPUT', /description has 10001/],
  ['a short lease', { leaseMs: 999 }, 'BAD_USER_INPUT', /leaseMs is 999; 1000 to 3600000 is allowed/],
  ['a long lease', { leaseMs: 3_600_001 }, 'BAD_USER_INPUT', /leaseMs is 3600001; 1000 to 3600000/],
  ['a negative wait', { waitMs: -1 }, 'BAD_USER_INPUT', /waitMs is -1; 0 to 60000 is allowed/],
  ['a long wait', { waitMs: 60_001 }, 'BAD_USER_INPUT', /waitMs is 60001; 0 to 60000/],
  ['negative retries', { maxRetries: -1 }, 'BAD_USER_INPUT', /maxRetries is -1; 0 to 1000 is allowed/],
  ['many retries', { maxRetries: 1_001 }, 'BAD_USER_INPUT', /maxRetries is 1001; 0 to 1000/],
  ['a negative pause', { retryDelayMs: -1 }, 'BAD_USER_INPUT', /retryDelayMs is -1; 0 to 3600000/],
  ['a long pause', { retryDelayMs: 3_600_001 }, 'BAD_USER_INPUT', /retryDelayMs is 3600001/],
  [
    'a negative age',
    { ignoreOlderThanDays: -1 },
    'BAD_USER_INPUT',
    /ignoreOlderThanDays is -1; 0 \(for no limit\)/,
  ],
  ['an age that is no number', { ignoreOlderThanDays: NaN }, 'BAD_USER_INPUT', /ignoreOlderThanDays is NaN/],
  ['a great age', { ignoreOlderThanDays: 36_501 }, 'BAD_USER_INPUT', /to 36500 is allowed/],
  [
    'an empty sender type',
    { ignoreSenderTypes: [''] },
    'BAD_USER_INPUT',
    /ignoreSenderTypes has 0 characters/,
  ],
  ['too many sender types', { ignoreSenderTypes: many }, 'LIMIT_EXCEEDED', /1001 items; at most 1000/],
  [
    'a filter on what is no field',
    { filter: { conditions: [{ key: 'colour', value: 'red' }] } },
    'INVALID_FILTER',
    /colour/,
  ],
];

describeEmbedded('enrolling', (backend) => {
  const gateway = composedOnce(backend);

  test.each(wrong)('with %s is refused', async (_what, asked, code, message) => {
    const refused = await refusalOf(enrollMany(gateway(), { targetTopic: 'target', ...asked }, 1));
    expect(refused.code).toBe(code);
    expect(refused.message).toMatch(message);
  });

  test.each([0, -1, 1_001, 1.5])('for %s jobs is refused', async (count) => {
    const refused = await refusalOf(enrollMany(gateway(), { targetTopic: 'target' }, count));
    expect(refused.code).toBe('BAD_USER_INPUT');
    expect(refused.message).toBe(`count is ${count}; 1 to 1000 is allowed.`);
  });

  test('takes the ends of each range', async () => {
    const ends = {
      leaseMs: 3_600_000,
      maxRetries: 1_000,
      retryDelayMs: 3_600_000,
      ignoreOlderThanDays: 36_500,
    };
    expect(await enrollMany(gateway(), { targetTopic: 'target', ...ends }, 1_000)).toEqual([]);
    const least = { leaseMs: 1_000, maxRetries: 0, retryDelayMs: 0, ignoreOlderThanDays: 0, waitMs: 1 };
    expect(await enrollMany(gateway(), { targetTopic: 'target', ...least }, 1)).toEqual([]);
  });

  test('leaves nothing behind when it is refused', async () => {
    const { database } = gateway();
    await gateway().send({ topic: 'source' });
    const count = async () => {
      const text = 'SELECT (SELECT count(*) FROM jobs) + (SELECT count(*) FROM log) AS n';
      return database.query({ text, values: [] });
    };
    const before = await count();
    await refusalOf(enrollMany(gateway(), { targetTopic: 'target', leaseMs: 1 }, 1));
    expect(await count()).toEqual(before);
  });

  test('and holding a job refuses what is no id, attempt or lease', async () => {
    await gateway().send({ topic: 'source' });
    const { event } = await take(gateway(), { targetTopic: 'held' });
    const { operations, caller } = gateway();
    const refusals = [
      [() => operations.extendLease('x', 1, null), /eventId "x" is not an event's id/],
      [() => operations.extendLease(event.id, 0, null), /attempt is 0; 1 to 2147483647 is allowed/],
      [() => operations.extendLease(event.id, 1, 999), /leaseMs is 999; 1000 to 3600000 is allowed/],
      [() => operations.releaseJob(caller, 'x', 1), /eventId "x"/],
      [() => operations.releaseJob(caller, event.id, -1), /attempt is -1/],
      [
        () => operations.updateEvent(caller, { id: event.id, attempt: 0, status: 'FINISHED' }),
        /attempt is 0/,
      ],
    ] as const;
    for (const [ask, message] of refusals) {
      const { code, message: said } = await refusalOf(ask());
      expect([code, said]).toEqual(['BAD_USER_INPUT', expect.stringMatching(message)]);
    }
    expect((await gateway().read(event.id)).status).toBe('PENDING');
  });
});
