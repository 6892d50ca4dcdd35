// Arguments of an element's function, saving of rows, and overrides by the types of an app folder.
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/domain/values/json.ts';
import { packArguments } from '../../src/handlers/running/arguments.ts';
import { loadingStorage } from '../../src/handlers/running/run-context.ts';
import { anElement, anEvent, appWith, fakePort, type Files, handlerOf, runHandler } from './app-fixture.ts';

/** The arguments and the result of an element's function. */
async function run(config: object, payload: object, more: Files = {}, summary: object = {}): Promise<any> {
  const app = await appWith({ ...anElement('A', config), ...more });
  const event = anEvent({ payload: payload as JsonObject, summary: summary as JsonObject });
  return runHandler(app, 'events.A', event);
}

const normal = { type: 'events.NormalType', sender: 'services.Shop.paid' };
const order = { model: 'models.Order', row: { no: 1 }, status: 'approved' };

describe('The arguments of events.NormalType', () => {
  it.each([
    ['one object', { args: [{ a: 1 }] }, [{ a: 1 }], { args: [{ a: 1 }], kwargs: {} }],
    ['only kwargs', { kwargs: { a: 1 } }, [{ a: 1 }], { args: [{ a: 1 }], kwargs: {} }],
    ['nothing', {}, [{}], { args: [{}], kwargs: {} }],
    ['several', { args: [1, 'two', null] }, [1, 'two', null], { args: [1, 'two', null], kwargs: {} }],
    ['one that is no object', { args: [[1]] }, [[1]], { args: [[1]], kwargs: {} }],
    [
      'both',
      { args: [{ a: 1 }], kwargs: { b: 2 } },
      [{ a: 1 }, { b: 2 }],
      { args: [{ a: 1 }], kwargs: { b: 2 } },
    ],
  ])('are as published: %s', async (_what, published, called, asObject) => {
    const { payload, summary } = packArguments(published);
    expect(await run(normal, payload, {}, summary ?? {})).toEqual(called);
    expect(await run({ ...normal, objMode: true }, payload, {}, summary ?? {})).toEqual([asObject]);
    const inBackground = { ...normal, asyncType: true };
    expect(await run(inBackground, payload, {}, summary ?? {})).toEqual(called);
  });

  it('are the payload, also if it has fields called args and kwargs', async () => {
    const payload = { args: [1], kwargs: { a: 1 } };
    expect(await run(normal, payload)).toEqual([payload]);
  });
});

describe('The arguments of events.ModelType', () => {
  const config = { type: 'events.ModelType', model: 'models.User', operate: 'AddAfter' };
  const data = { model: 'models.User', optType: 'AddAfter', prevData: {}, postData: { a: 1 } };

  it('are the written rows', async () => {
    expect(await run(config, { postData: { a: 1 } })).toEqual([data]);
    expect(await run({ ...config, asyncType: true }, { postData: { a: 1 } })).toEqual([data]);
    expect(await run({ ...config, objMode: true }, { postData: { a: 1 } })).toEqual([{ eventOutData: data }]);
  });
});

describe('The arguments of events.WorkflowType', () => {
  const config = (operate: string, more: object = {}) => ({
    type: 'events.WorkflowType',
    model: 'models.Order',
    operate,
    ...more,
  });
  const change = { ...order, operate: 'NodeChange', triggerNode: 'after.a' };
  const handled = { ...order, operate: 'NodeHandled', handleType: 'transmit', nodeId: 'hr', nodeTitle: 'HR' };

  it.each([false, true])('are the row and the status, in the background: %s', async (asyncType) => {
    const [data, ...more] = await run(config('Process', { asyncType }), { ...order, operate: 'Process' });
    expect(data.row.no.value).toBe(1);
    expect(data.status.value).toBe('approved');
    expect(data).toMatchObject({ model: 'models.Order', operate: 'Process', nodeId: null });
    expect(more).toEqual([]);
  });

  it.each([false, true])(
    'then the node, as the element spells it; in the background: %s',
    async (asyncType) => {
      const of = async (more: object) => run(config('NodeChange', { asyncType, ...more }), change);
      expect((await of({}))[1]).toBe('after.a');
      expect((await of({ triggerNode: ['b', 'a'] }))[1]).toBe('a');
      expect((await of({ triggerNode: ['a', 'after.a'] }))[1]).toBe('after.a');
      expect((await of({ triggerNode: ['a'] }))[0].triggerNode).toBe('after.a');
    },
  );

  it.each([false, true])('then act, node and title; in the background: %s', async (asyncType) => {
    const of = async (more: object) =>
      (await run(config('NodeHandled', { asyncType, ...more }), handled)).slice(1);
    expect(await of({})).toEqual(['transmit', 'hr', 'HR']);
    expect(await of({ handleType: ['agree', 'transfer'] })).toEqual(['transfer', 'hr', 'HR']);
  });

  it('are one object with objMode', async () => {
    const objMode = true;
    const [process] = await run(config('Process', { objMode }), { ...order, operate: 'Process' });
    expect(Object.keys(process)).toEqual(['eventOutData']);
    const [node] = await run(config('NodeChange', { objMode }), change);
    expect(node).toMatchObject({ eventOutData: { status: { value: 'approved' } }, triggerNode: 'after.a' });
    const [act] = await run(config('NodeHandled', { objMode }), handled);
    expect(act).toMatchObject({ handleType: 'transmit', nodeId: 'hr', nodeTitle: 'HR' });
  });
});

describe('A row', () => {
  const config = { type: 'events.WorkflowType', model: 'models.Order', operate: 'Process' };
  const saving = (code: string): Files => ({
    'events/A/inner.ts': `export async function customFunc({ row }: any) { ${code} }`,
    'models/Order/model.ts':
      'export const rows: any[] = []; export function save(row: any, context: any) { rows.push([row, context]); return rows; }',
  });
  const payload = { ...order, operate: 'Process' };

  it('is saved by its model, with its changes and the run', async () => {
    const code = 'row.no.value = 2; row.status = { value: "x" }; return row.save();';
    const [[row, context]] = await run(config, payload, saving(code));
    expect(row).toEqual({ no: 2, status: 'x' });
    expect(context).toMatchObject({
      model: 'models.Order',
      run: { eventId: 'run-1' },
      event: { id: 'source-1' },
    });
  });

  it('of a model without a save function is refused', async () => {
    const { 'models/Order/model.ts': _model, ...files } = saving('await row.save();');
    await expect(run(config, payload, files)).rejects.toThrow(
      'A row of models.Order cannot be saved: there is no models/Order/model.ts that works and exports save(row).',
    );
  });

  it('may have fields of any name', async () => {
    const row = JSON.parse('{"__proto__": 1, "constructor": 2, "save": 3, "toString": 4, "then": 5}');
    const code =
      'row.constructor.value += 10; row.save.value += 10; row["__proto__"].value += 10; return (await row.save())[0][0];';
    const saved = await run(config, { ...payload, row }, saving(code));
    expect(JSON.parse(JSON.stringify(saved))).toEqual(
      JSON.parse('{"__proto__": 11, "constructor": 12, "toString": 4, "then": 5, "save": 13}'),
    );
    expect(Object.hasOwn(saved, '__proto__')).toBe(true);
  });
});

describe('A function of a service', () => {
  const config = { ...normal, func: 'services.Shop.pay', funcType: 'GLOBAL' };

  it.each([
    ['exported by name', 'export async function pay(x: object) { return ["paid", x]; }'],
    ['a constant', 'export const pay = (x: object) => ["paid", x];'],
    [
      'a method of the default class',
      'export default class { word = "paid"; pay(x: object) { return [this.word, x]; } }',
    ],
    [
      'a method of the class of its name',
      'export class Other {}; export class Shop { pay(x: object) { return ["paid", x]; } }',
    ],
    ['inherited', 'class Base { pay(x: object) { return ["paid", x]; } }; export class Shop extends Base {}'],
    ['of an object', 'export default { pay(x: object) { return ["paid", x]; } }'],
  ])('is called: %s', async (_what, code) => {
    const app = await appWith({
      'events/A/e.json': config,
      'services/Shop/e.json': { functionList: [{ name: 'pay' }] },
      'services/Shop/service.ts': code,
    });
    expect(app.broken).toEqual([]);
    expect(await runHandler(app, 'events.A', anEvent({ payload: { a: 1 } }))).toEqual(['paid', { a: 1 }]);
    expect(await app.api.getElement('services.Shop').pay(2)).toEqual(['paid', 2]);
  });

  it.each(['service.js', 'service.mjs'])('may be in %s', async (file) => {
    const app = await appWith({
      'events/A/e.json': config,
      [`services/Shop/${file}`]:
        "import { app } from 'throughline'; export const pay = () => typeof app.getElement;",
      'services/Shop/e.json': {},
      'package.json': { type: 'module' },
    });
    expect(app.broken).toEqual([]);
    expect(await runHandler(app, 'events.A', anEvent())).toBe('function');
  });

  it('may be named like a member of every object', async () => {
    const app = await appWith({
      'services/Shop/e.json': { functionList: [{ name: 'constructor' }, { name: 'toString' }] },
      'services/Shop/service.ts':
        'function constructor_() { return 1; }; export { constructor_ as constructor }; export function toString() { return "2"; }',
    });
    const shop = app.api.getElement('services.Shop');
    expect([shop.constructor(), shop.toString()]).toEqual([1, '2']);
  });
});

describe('A type of the app folder', () => {
  const files: Files = {
    'types/Big/e.json': { title: 'Big ones', type: 'events.NormalType', sender: 'services.Shop.paid' },
    'types/Big/type.ts': `
      import { NormalType } from 'throughline';
      export class Big extends NormalType {
        override isValid(...args: any[]) { return args[0].total >= this.least; }
        get least() { return Number(this.config.least ?? 100); }
        override handleNode(node: any, ...args: any[]): any { return [node, [{ ...args[0], by: node.fullName }], {}]; }
      }`,
    'types/Huge/e.json': { type: 'types.Big', least: 1000 },
    'types/Huge/type.ts': `
      import { Big } from '../Big/type.ts';
      export default class Huge extends Big {
        override buildTaskParams(...args: any[]) { return { total: args[0].total }; }
        override recoverTaskParams(params: any): any { return [[{ recovered: params.total }], {}]; }
        override call(...args: any[]) { return ['called', super.call(...args)]; }
      }`,
    ...anElement('Big', { type: 'types.Big', title: 'A big one' }),
    ...anElement('Huge', { type: 'types.Huge', asyncType: true }),
  };

  it('defines the behaviour of its elements, and their default configuration', async () => {
    const app = await appWith(files);
    expect(app.broken).toEqual([]);
    const [big, huge] = [handlerOf(app, 'events.Big'), handlerOf(app, 'events.Huge')];
    expect(big).toMatchObject({
      eventType: 'types.Big',
      baseType: 'events.NormalType',
      source: 'services.Shop.paid',
      title: 'A big one',
    });
    expect(huge).toMatchObject({ eventType: 'types.Huge', source: 'services.Shop.paid', title: null });
    const of = (total: number) => anEvent({ payload: { total } });
    expect([await big.isValid(of(99)), await big.isValid(of(100))]).toEqual([false, true]);
    expect([await huge.isValid(of(999)), await huge.isValid(of(1000))]).toEqual([false, true]);
    expect(await runHandler(app, 'events.Big', of(100))).toEqual([{ total: 100, by: 'events.Big' }]);
    expect(await runHandler(app, 'events.Huge', of(1000))).toEqual(['called', [{ recovered: 1000 }]]);
  });

  it('has elements with its methods', async () => {
    const app = await appWith(files);
    const element = app.api.getElement('events.Big');
    expect(element.getSender()).toBe('services.Shop.paid');
    expect(element.isValid({ total: 5 })).toBe(false);
    expect(element.callTime).toBe(null);
    expect(element.call(1, 2)).toEqual([1, 2]);
    expect(element.callTime).toBeInstanceOf(Date);
    expect(element.fullName).toBe('events.Big');
  });

  it('fails with a message if a method returns the wrong shape', async () => {
    const app = await appWith({
      'types/Odd/e.json': { type: 'events.NormalType' },
      'types/Odd/type.ts':
        "import { NormalType } from 'throughline'; export class Odd extends NormalType { override handleNode(): any { return {}; } }",
      ...anElement('A', { type: 'types.Odd', sender: 'shop.paid' }),
    });
    await expect(runHandler(app, 'events.A', anEvent())).rejects.toThrow(
      'handleNode must return [node, args, kwargs], where args is a list, not {}',
    );
  });

  it('may return another sender', async () => {
    const app = await appWith({
      'types/Moved/e.json': { type: 'events.NormalType' },
      'types/Moved/type.ts':
        "import { NormalType } from 'throughline'; export class Moved extends NormalType { override getSender() { return super.getSender() + '.eu'; } }",
      ...anElement('A', { type: 'types.Moved', sender: 'shop.paid' }),
    });
    expect(handlerOf(app, 'events.A').source).toBe('shop.paid.eu');
  });
});

describe('The methods of a workflow element', () => {
  const config = {
    type: 'events.WorkflowType',
    model: 'models.Order',
    operate: 'NodeHandled',
    handleType: 'agree',
  };

  it('accept and return the arguments of its function', async () => {
    const app = await appWith(anElement('A', config));
    const element = app.api.getElement('events.A');
    const payload = { ...order, operate: 'NodeHandled', handleType: 'agree', nodeId: 'hr', nodeTitle: 'HR' };
    const args = element.argumentsOf(anEvent({ payload }));
    expect(element.operate).toBe('NodeHandled');
    expect(element.getSender()).toBe('models.Order');
    expect(element.isValid(...args)).toBe(true);
    expect(element.isValid()).toBe(false);
    const params = element.buildTaskParams(...args);
    expect(params).toEqual({
      row: { no: 1 },
      status: 'approved',
      modelFullName: 'models.Order',
      operate: 'NodeHandled',
      nodeId: 'hr',
      nodeTitle: 'HR',
      triggerNode: null,
      handleType: 'agree',
    });
    const [recovered, kwargs] = element.recoverTaskParams(JSON.parse(JSON.stringify(params)));
    expect(JSON.stringify(recovered)).toBe(JSON.stringify(args));
    expect(kwargs).toEqual({});
  });
});

describe('Names of members that every object has', () => {
  it('are ordinary names', async () => {
    const app = await appWith({
      ...anElement('constructor', { type: 'events.NormalType', sender: 'services.__proto__.hasOwnProperty' }),
      ...anElement('__proto__', {
        type: 'events.WorkflowType',
        model: 'models.__proto__',
        operate: 'Process',
      }),
      'models/__proto__/model.ts': 'export const save = () => {};',
      'services/__proto__/e.json': { eventDescs: [{ name: 'hasOwnProperty' }] },
      'types/toString/e.json': { type: 'events.NormalType' },
      'types/toString/type.ts':
        "import { NormalType } from 'throughline'; export class toString extends NormalType {}",
    });
    expect(app.broken).toEqual([]);
    expect(app.handlers.map(({ fullName }) => fullName)).toEqual(['events.__proto__', 'events.constructor']);
    expect(() => app.element('toString')).toThrow('There is no element "toString"');
    await expect(app.api.event.publish({ sender: 'services.__proto__.toString' })).rejects.toThrow(
      'not declared',
    );
    const event = anEvent({
      payload: JSON.parse('{"model": "models.__proto__", "operate": "Process", "row": {}}'),
    });
    expect(await handlerOf(app, 'events.__proto__').isValid(event)).toBe(true);
  });
});

describe('Work that a module leaves running', () => {
  it('is logged with its origin, though it belongs to no run', async () => {
    const port = fakePort();
    const app = await appWith(
      {
        ...anElement('A', normal),
        'events/A/inner.ts':
          "import { AsyncResource } from 'node:async_hooks'; export const customFunc = AsyncResource.bind((probe: any) => probe());",
      },
      port,
    );
    const element = app.api.getElement('events.A');
    element.call(() => loadingStorage.getStore()?.log.error({}, 'stray'));
    expect(port.lines).toEqual([{ level: 'error', message: 'stray', facts: { file: 'events/A/inner.ts' } }]);
  });
});
