// Triggers that are changed: their URL and secrets stay, and a schedule continues with its next tick.
import { expect, test } from 'vitest';
import { describeDatabases } from '../support/database.ts';
import { composedOnce, fresh, refusalOf } from '../support/gateway.ts';

describeDatabases('A trigger that is updated', (backend) => {
  const gateway = composedOnce(backend);
  const operations = () => gateway().operations;
  const webhook = () =>
    operations().createTrigger({ name: fresh('hook'), webhook: {}, where: 'true', topic: 'a' });
  const hourly = { cron: '0 * * * *', timezone: 'UTC' };

  test('keeps its URL and what is not given', async () => {
    const made = await webhook();
    const changed = await operations().updateTrigger({ id: made.id, topic: 'b.c', where: 'data.n > 1' });
    expect(changed).toEqual({ ...made, topic: 'b.c', where: 'data.n > 1' });
    expect(await operations().updateTrigger({ id: made.id, enabled: false })).toEqual({
      ...changed,
      enabled: false,
    });
    expect(await operations().trigger(made.id)).toEqual({ ...changed, enabled: false });
  });

  test('loses its filter, type and call with null', async () => {
    const made = await operations().createTrigger({
      name: fresh('hook'),
      webhook: {},
      where: 'true',
      eventType: 'post',
    });
    const changed = await operations().updateTrigger({
      id: made.id,
      where: null,
      eventType: null,
      call: null,
    });
    expect(changed).toMatchObject({ where: null, eventType: null, call: null, slug: made.slug });
  });

  test('has another next tick with another schedule, and when it is enabled again', async () => {
    const made = await operations().createTrigger({ name: fresh('tick'), schedule: hourly });
    const { database } = gateway();
    const daily = { cron: '0 0 1 1 *', timezone: 'Europe/Berlin' };
    const changed = await operations().updateTrigger({ id: made.id, schedule: daily });
    expect(changed).toMatchObject(daily);
    expect(changed.nextRun!.getTime()).toBeGreaterThan(Date.now());
    await operations().updateTrigger({ id: made.id, enabled: false });
    const text = `UPDATE triggers SET next_run = now() - interval '3 days' WHERE id = $1`;
    await database.query({ text, values: [made.id] });
    const enabled = await operations().updateTrigger({ id: made.id, enabled: true });
    expect(enabled.nextRun!.getTime()).toBeGreaterThan(Date.now());
  });

  test('is refused what createTrigger refuses, and stays as it was', async () => {
    const made = await webhook();
    const refused = async (input: object) =>
      (await refusalOf(operations().updateTrigger({ id: made.id, ...input }))).code;
    expect(await refused({ schedule: hourly })).toBe('BAD_USER_INPUT');
    expect(await refused({ where: 'data.' })).toBe('INVALID_FILTER');
    expect(await refused({ eventType: 'POST' })).toBe('BAD_USER_INPUT');
    expect(await refused({ topic: 'no topic' })).toBe('BAD_USER_INPUT');
    expect(await refused({ topic: 'throughline.audit.x' })).toBe('FORBIDDEN');
    expect(await refused({ call: 'nobody' })).toBe('BAD_USER_INPUT');
    expect(await operations().trigger(made.id)).toEqual(made);
    const unknown = '0195f000-0000-7000-8000-000000000000';
    expect((await refusalOf(operations().updateTrigger({ id: unknown }))).code).toBe('NOT_FOUND');
  });
});
