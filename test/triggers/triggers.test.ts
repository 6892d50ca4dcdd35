// Triggers: making them with every kind of bad input, listing and deleting them, and what is never shown.
import { describe, expect, test } from 'vitest';
import { limits } from '../../src/base/limits.ts';
import { describeDatabases } from '../support/database.ts';
import { composedForEach, composedOnce, fresh } from '../support/gateway.ts';
import { createTrigger, triggerNamed, tryCreate } from './support.ts';

describeDatabases('A trigger', (backend) => {
  const gateway = composedForEach(backend);
  const names = async () => {
    const { data } = await gateway().ask<{ triggers: { name: string }[] }>('{ triggers { name } }');
    return data?.triggers.map(({ name }) => name);
  };

  test('that is a webhook has a URL that nobody can guess, and its name as topic', async () => {
    const made = await createTrigger(gateway(), { name: 'hook', webhook: {} });
    expect(made).toEqual({
      id: expect.any(String),
      name: 'hook',
      kind: 'WEBHOOK',
      topic: 'hook',
      eventType: null,
      where: null,
      url: expect.stringMatching(/^\/webhooks\/[0-9a-f]{32}$/),
      nextRun: null,
      filterErrors: 0,
      lastFilterError: null,
      call: null,
      enabled: true,
      signature: 'NONE',
      dedupeHeader: null,
      cron: null,
      timezone: null,
      lastTick: null,
    });
    const other = await createTrigger(gateway(), { name: 'other', webhook: {} });
    expect(other.url).not.toBe(made.url);
  });

  test('that is a schedule says when it ticks next', async () => {
    const made = await createTrigger(gateway(), {
      name: 'clock',
      topic: 'clock.ticks',
      schedule: { cron: '0 0 1 1 *', timezone: 'Asia/Tokyo' },
    });
    expect(made).toMatchObject({
      kind: 'SCHEDULE',
      topic: 'clock.ticks',
      url: null,
      signature: null,
      cron: '0 0 1 1 *',
      timezone: 'Asia/Tokyo',
      nextRun: expect.stringMatching(/-12-31T15:00:00\.000Z$/),
    });
  });

  // Each is an alias of another, and which of the two is canonical depends on the version of the time zone database.
  test.each(['Europe/Kiev', 'Europe/Kyiv', 'Asia/Calcutta', 'US/Eastern', 'Etc/UTC', 'europe/berlin'])(
    'has the time zone %s as it was given',
    async (timezone) => {
      const { id, ...made } = await createTrigger(gateway(), {
        name: fresh('zone'),
        schedule: { cron: '0 0 1 1 *', timezone },
      });
      expect(made.timezone).toBe(timezone);
      const { data } = await gateway().ask(`{ node(id: "${id}") { ... on Trigger { timezone nextRun } } }`);
      expect(data).toEqual({ node: { timezone, nextRun: made.nextRun } });
    },
  );

  test('is listed by name, found as a node, and gone when it is deleted', async () => {
    const b = await createTrigger(gateway(), { name: 'b', webhook: {} });
    await createTrigger(gateway(), { name: 'a', schedule: { cron: '* * * * *' } });
    expect(await names()).toEqual(['a', 'b']);
    const node = `{ node(id: "${b.id}") { id ... on Trigger { name } } }`;
    expect(await gateway().ask(node)).toEqual({ data: { node: { id: b.id, name: 'b' } }, errors: [] });
    const remove = `mutation { deleteTrigger(id: "${b.id.toUpperCase()}") }`;
    expect(await gateway().ask(remove)).toEqual({ data: { deleteTrigger: b.id }, errors: [] });
    expect(await names()).toEqual(['a']);
    expect((await gateway().ask(node)).data).toEqual({ node: null });
    expect((await gateway().ask(remove)).errors[0]?.extensions.code).toBe('NOT_FOUND');
  });

  test('has a name that is free again when it is deleted, and refused while it is taken', async () => {
    const { id } = await createTrigger(gateway(), { name: 'one', webhook: {} });
    const again = { name: 'one', schedule: { cron: '* * * * *' } };
    const { errors } = await tryCreate(gateway(), again);
    expect(errors).toMatchObject([
      { extensions: { code: 'BAD_USER_INPUT' }, message: expect.stringContaining('"one" is taken') },
    ]);
    await gateway().ask(`mutation { deleteTrigger(id: "${id}") }`);
    expect(await createTrigger(gateway(), again)).toMatchObject({ kind: 'SCHEDULE' });
  });

  test('has one maker where many try the same name at once', async () => {
    const tries = Array.from({ length: 8 }, () => tryCreate(gateway(), { name: 'raced', webhook: {} }));
    const made = (await Promise.all(tries)).filter(({ errors }) => errors.length === 0);
    expect(made).toHaveLength(1);
  });

  test('cannot be made where there are too many', async () => {
    const text = `INSERT INTO triggers (id, name, kind, topic, created_at, slug, signature)
      SELECT gen_random_uuid(), 'many-' || n, 'WEBHOOK', 'many', now(), 'many-' || n, 'NONE' FROM generate_series(1, $1::int) n`;
    await gateway().database.query({ text, values: [limits.triggers] });
    expect((await tryCreate(gateway(), { name: 'more', webhook: {} })).errors).toMatchObject([
      { extensions: { code: 'LIMIT_EXCEEDED' } },
    ]);
  });

  test('keeps its secrets where they can be used, and shows them nowhere', async () => {
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const made = await createTrigger(gateway(), { name: 's', webhook: { signature: 'STANDARD', secret } });
    expect(JSON.stringify(made)).not.toContain('MfKQ9');
    const rows = await gateway().database.query({ text: 'SELECT secrets FROM triggers', values: [] });
    expect(rows).toEqual([{ secrets: [secret] }]);
    const fields = `{ __type(name: "Trigger") { fields { name } } }`;
    expect(JSON.stringify(await gateway().ask(fields))).not.toMatch(/secret/i);
    expect(await triggerNamed(gateway(), 's')).toMatchObject({ id: made.id });
  });
});

describeDatabases('Bad input for a trigger', (backend) => {
  const gateway = composedOnce(backend);
  const webhook = {};
  const schedule = { cron: '* * * * *' };

  test.each<[object, string]>([
    [{ name: '', webhook }, 'not an identifier'],
    [{ name: 'two words', webhook }, 'not an identifier'],
    [{ name: 'a..b', webhook }, 'not an identifier'],
    [{ name: 'x'.repeat(201), webhook }, 'not an identifier'],
    [{ name: 'x' }, 'exactly one of webhook and schedule'],
    [{ name: 'x', webhook, schedule }, 'exactly one of webhook and schedule'],
    [{ name: 'x', webhook, topic: 'no topic' }, 'is not a topic'],
    [{ name: 'x', webhook, eventType: '' }, 'eventType has 0 characters'],
    [{ name: 'x', webhook, eventType: 'POST' }, 'such as "post"'],
    [{ name: 'x', schedule, eventType: 'post' }, 'have the type "tick"'],
    [{ name: 'x', webhook, call: 'main.on_event' }, 'no handler "main.on_event"'],
    [{ name: 'x', webhook: { secret: 's' } }, 'requires a signature scheme'],
    [{ name: 'x', webhook: { signature: 'GITHUB' } }, 'the signature GITHUB needs a secret'],
    [{ name: 'x', webhook: { signature: 'STRIPE', secret: '' } }, '0 characters'],
    [{ name: 'x', webhook: { signature: 'STANDARD', secret: 'whsec_' } }, 'base64'],
    [{ name: 'x', webhook: { dedupeHeader: 'two words' } }, 'such as X-GitHub-Delivery'],
    [{ name: 'x', schedule: { cron: '61 * * * *' } }, 'is not a schedule'],
    [{ name: 'x', schedule: { cron: '0 0 30 2 *' } }, 'has no future ticks'],
    [{ name: 'x', schedule: { cron: '* * * * *', timezone: 'Mars/Olympus' } }, 'an IANA name'],
  ])('is refused, saying what would be right: %j', async (input, message) => {
    const { errors } = await tryCreate(gateway(), input);
    expect(errors).toMatchObject([
      { extensions: { code: 'BAD_USER_INPUT' }, message: expect.stringContaining(message) },
    ]);
  });

  test('is INVALID_FILTER, with its place, where the filter is wrong', async () => {
    const { errors } = await gateway()
      .operations.createTrigger({ name: 'x', webhook, where: 'data.a.endWith("x")' })
      .then(
        () => ({ errors: [] }),
        (error: unknown) => ({ errors: [error] }),
      );
    expect(errors).toMatchObject([
      { code: 'INVALID_FILTER', details: { line: 1, suggestion: expect.stringContaining('endsWith') } },
    ]);
  });

  test('of secrets is refused, for webhooks and for schedules', async () => {
    const { operations } = gateway();
    const hook = await operations.createTrigger({ name: 'h', webhook: { signature: 'GITHUB', secret: 's' } });
    const clock = await operations.createTrigger({ name: 'c', schedule: { cron: '* * * * *' } });
    const many = Array.from({ length: limits.triggerSecrets + 1 }, (_, n) => `s${n}`);
    await expect(operations.setTriggerSecrets(hook.id, [])).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    await expect(operations.setTriggerSecrets(hook.id, many)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
    });
    await expect(operations.setTriggerSecrets(clock.id, ['s'])).rejects.toThrow('no secrets');
    await expect(operations.setTriggerSecrets(gateway().caller.name, ['s'])).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
    });
  });
});

describe('limits', () => {
  test('leave room in an event for a body as base64 with all that comes with it', () => {
    expect((limits.webhookBytes * 4) / 3 + 200_000).toBeLessThan(limits.jsonBytes);
  });
});
