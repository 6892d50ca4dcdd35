// The `app` object inside functions: it publishes, finds elements and logs for the run and the gateway that it is part of.
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { loadApp } from '../../src/handlers/app/folder.ts';
import { announceApp, app as importedApp } from '../../src/handlers/app/module.ts';
import { currentRun, runLogger, withRun } from '../../src/handlers/running/run-context.ts';
import { anEvent, appFolder, appWith, aRun, fakePort, type Files, runHandler } from './app-fixture.ts';

const normal = { type: 'events.NormalType', sender: 'services.Shop.paid' };
const shop: Files = {
  'services/Shop/e.json': { title: 'Shop', eventDescs: [{ name: 'paid' }, { name: 'refunded' }] },
  'services/Shop/service.ts': `
    import { app } from 'throughline';
    export const publish = (what: any) => app.event.publish(what);
    export const trigger = (name: string, payload: object) => app.triggerEvent(name, payload);
    export const say = (what: string) => app.log.info(what, { extra: 1 });
    export const find = (name: string) => app.getElement(name);`,
};

function inner(code: string): Files {
  return {
    ...shop,
    'events/A/e.json': normal,
    'events/A/inner.ts': `import { app, currentRun } from 'throughline';\n${code}`,
  };
}

describe('Publishing', () => {
  it('sends a single argument as the payload, and returns the ids of the event', async () => {
    const port = fakePort();
    const app = await appWith(shop, port);
    const answer = await app.api.event.publish({ sender: 'services.Shop.paid', args: [{ total: 3 }] });
    expect(answer).toEqual({ id: 'event-1', requestId: 'request-1', nodeId: 'event-1', executions: [] });
    expect(port.sent).toEqual([
      {
        dependsOn: undefined,
        sender: 'services.Shop.paid',
        payload: { total: 3 },
        summary: null,
      },
    ]);
  });

  it('has an older form, and accepts all options of a send', async () => {
    const port = fakePort();
    const app = await appWith(shop, port);
    await app.api.triggerEvent('services.Shop.paid', { total: 3 });
    await app.api.event.publish({ sender: 'else.where', kwargs: { a: 1 }, hash: 'h', project: 'p' });
    expect(port.sent).toMatchObject([
      { sender: 'services.Shop.paid', payload: { total: 3 } },
      { sender: 'else.where', payload: { a: 1 }, hash: 'h', project: 'p' },
    ]);
  });

  it('of an event that the service does not declare is refused, with similar names', async () => {
    const app = await appWith(shop);
    await expect(app.api.event.publish({ sender: 'services.Shop.payd' })).rejects.toThrow(
      'sender "services.Shop.payd" is not declared: services.Shop declares services.Shop.paid, services.Shop.refunded (did you mean services.Shop.paid?). Declare it in its eventDescs.',
    );
    await expect(app.api.event.publish({} as any)).rejects.toThrow(
      'sender must be the published topic, such as "services.OrderSvc.paid", not undefined.',
    );
    await expect(app.api.event.publish({ sender: 'a.b', args: { a: 1 } as any })).rejects.toThrow(
      'args must be a list of arguments, such as [{"total": 3}], not {"a":1}.',
    );
    await expect(app.api.event.publish({ sender: 'a.b', kwargs: [1] })).rejects.toThrow(
      'kwargs must be an object, such as {"total": 3}, not [1].',
    );
  });
});

describe('Within a run', () => {
  it('published events become its children, through awaits, timers and Promise.all', async () => {
    const port = fakePort();
    const app = await appWith(
      inner(`
        const publish = (n: number) => app.event.publish({ sender: 'services.Shop.paid', args: [{ n }] });
        export async function customFunc(payload: any) {
          await publish(1);
          await new Promise((resolve) => setTimeout(resolve, 5));
          await Promise.all([publish(2), Promise.resolve().then(() => publish(3))]);
          await new Promise<void>((resolve) => setTimeout(() => publish(4).then(() => resolve()), 5));
          await app.getElement('services.Shop').publish({ sender: 'services.Shop.paid', args: [{ n: 5 }] });
          await app.event.publish({ sender: 'services.Shop.paid', args: [{ n: 6 }], dependsOn: 'other' });
          return currentRun()!.run.eventId;
        }`),
      port,
    );
    const runs = ['r1', 'r2', 'r3'].map((eventId) =>
      runHandler(app, 'events.A', anEvent(), { run: aRun({ eventId }) }),
    );
    expect(await Promise.all(runs)).toEqual(['r1', 'r2', 'r3']);
    for (const eventId of ['r1', 'r2', 'r3']) {
      const own = port.sent.filter(({ dependsOn }) => dependsOn === eventId);
      expect(own.map(({ payload }: any) => payload.n).toSorted()).toEqual([1, 2, 3, 4, 5]);
    }
    expect(port.sent.filter(({ dependsOn }) => dependsOn === 'other')).toHaveLength(3);
    expect(currentRun()).toBe(null);
  });

  it('log lines identify the run and its handler', async () => {
    const port = fakePort();
    const app = await appWith(
      inner(
        "export const customFunc = async () => { await null; app.getElement('services.Shop').say('hello'); };",
      ),
      port,
    );
    await runHandler(app, 'events.A', anEvent(), { port });
    app.api.log.warn('outside');
    expect(port.lines).toEqual([
      {
        level: 'info',
        message: 'hello',
        facts: { requestId: 'request-1', nodeId: 'run-1', eventId: 'run-1', handler: 'events.A', extra: 1 },
      },
      { level: 'warn', message: 'outside', facts: {} },
    ]);
  });

  it('that has lost its lease nothing can be published', async () => {
    const port = fakePort();
    const app = await appWith(shop, port);
    const run = aRun({ signal: AbortSignal.abort(new Error('the run took too long')) });
    const log = runLogger(port.logger, { fullName: 'events.A' }, run);
    const late = withRun({ app: app.api, event: anEvent(), run, log }, () =>
      app.api.event.publish({ sender: 'services.Shop.paid' }),
    );
    await expect(late).rejects.toThrow('the run took too long');
    expect(port.sent).toEqual([]);
  });
});

describe('Two gateways in one process', () => {
  it('stay apart: each folder’s app is its own, or that of the run', async () => {
    const folder = await appFolder(shop);
    const [one, two] = [fakePort(), fakePort()];
    const [appOne, appTwo] = [await loadApp(folder, { port: one }), await loadApp(folder, { port: two })];
    const paid = { sender: 'services.Shop.paid' };
    await appOne.api.getElement('services.Shop').publish(paid);
    expect([one.sent.length, two.sent.length]).toEqual([1, 0]);
    await appTwo.api.getElement('services.Shop').publish(paid);
    expect([one.sent.length, two.sent.length]).toEqual([1, 1]);
    const run = aRun();
    const log = two.logger;
    await withRun({ app: appTwo.api, event: anEvent(), run, log }, async () => {
      await sleep(1);
      await appOne.api.getElement('services.Shop').publish(paid);
    });
    expect([one.sent.length, two.sent.length]).toEqual([1, 2]);
  });

  it('make the imported app ambiguous outside of a run', async () => {
    const [one, two] = [fakePort(), fakePort()];
    const [appOne, appTwo] = [await appWith({}, one), await appWith({}, two)];
    const paid = { sender: 'shop.paid' };
    await expect(importedApp.event.publish(paid)).rejects.toThrow('No gateway runs in this process');
    const leaveOne = announceApp(appOne.api);
    await importedApp.event.publish(paid);
    const leaveTwo = announceApp(appTwo.api);
    await expect(importedApp.event.publish(paid)).rejects.toThrow('2 gateways run in this process');
    const context = { app: appTwo.api, event: anEvent(), run: aRun(), log: two.logger };
    await withRun(context, () => importedApp.event.publish(paid));
    leaveOne();
    await importedApp.event.publish(paid);
    leaveTwo();
    expect(() => importedApp.getElement('x')).toThrow('No gateway runs in this process');
    expect([one.sent.length, two.sent.length]).toEqual([1, 2]);
  });
});

describe('getElement', () => {
  it('finds services, events and models, and suggests similar names', async () => {
    const app = await appWith({
      ...inner('export const customFunc = () => {};'),
      'models/Order/model.ts': 'export const save = () => {}',
    });
    const find = app.api.getElement('services.Shop').find;
    expect(find('services.Shop').title).toBe('Shop');
    expect(find('events.A').fullName).toBe('events.A');
    expect(find('models.Order').fullName).toBe('models.Order');
    expect(find('events.services.EventSvc').fullName).toBe('events.services.EventSvc');
    expect(() => find('services.Shob')).toThrow(
      'There is no element "services.Shob" (did you mean services.Shop?).',
    );
    expect(() => find('constructor')).toThrow(
      'There is no element "constructor"; there are events.A, events.services.EventSvc, models.Order, services.Shop.',
    );
  });
});
