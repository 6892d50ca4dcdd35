// Which events an element handles, for each type and operate, with near misses.
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/domain/values/json.ts';
import { anElement, anEvent, appWith, handlerOf } from './app-fixture.ts';

type Row = readonly [what: string, config: object, payload: object, taken: boolean];

async function isTaken(type: string, config: object, payload: object): Promise<boolean> {
  const app = await appWith(anElement('A', { type, ...config }));
  return handlerOf(app, 'events.A').isValid(anEvent({ eventType: type, payload: payload as JsonObject }));
}

const order = { model: 'models.Order', row: {} };
const change = { ...order, operate: 'NodeChange' };
const handled = { ...order, operate: 'NodeHandled' };
const nodes = (...triggerNode: string[]) => ({ model: 'models.Order', operate: 'NodeChange', triggerNode });
const acts = (more: object) => ({ model: 'models.Order', operate: 'NodeHandled', ...more });

const workflows: Row[] = [
  [
    'Process takes Process',
    { model: 'models.Order', operate: 'Process' },
    { ...order, operate: 'Process', status: 'approved' },
    true,
  ],
  [
    'Process takes no NodeChange',
    { model: 'models.Order', operate: 'Process' },
    { ...change, triggerNode: 'a' },
    false,
  ],
  [
    'Process takes no other model',
    { model: 'models.Order', operate: 'Process' },
    { ...order, model: 'models.Orders', operate: 'Process' },
    false,
  ],
  [
    'Process takes none in another case',
    { model: 'models.Order', operate: 'Process' },
    { ...order, operate: 'process' },
    false,
  ],
  ['Process takes no empty payload', { model: 'models.Order', operate: 'Process' }, {}, false],
  [
    'Process does not ask for the node',
    { model: 'models.Order', operate: 'Process', triggerNode: ['a'] },
    { ...order, operate: 'Process' },
    true,
  ],
  ['NodeChange takes one of its nodes', nodes('a', 'b'), { ...change, triggerNode: 'b' }, true],
  ['NodeChange takes no other node', nodes('a', 'b'), { ...change, triggerNode: 'c' }, false],
  [
    'NodeChange takes no node that only begins so',
    nodes('node1'),
    { ...change, triggerNode: 'node10' },
    false,
  ],
  ['NodeChange takes no node in another case', nodes('node1'), { ...change, triggerNode: 'Node1' }, false],
  ['a bare node means before it', nodes('a'), { ...change, triggerNode: 'before.a' }, true],
  ['a bare node means after it', nodes('a'), { ...change, triggerNode: 'after.a' }, true],
  ['a bare node means nothing else', nodes('a'), { ...change, triggerNode: 'during.a' }, false],
  ['before means before', nodes('before.a'), { ...change, triggerNode: 'before.a' }, true],
  ['before does not mean after', nodes('before.a'), { ...change, triggerNode: 'after.a' }, false],
  ['before does not mean the bare node', nodes('before.a'), { ...change, triggerNode: 'a' }, false],
  ['after means after', nodes('after.StartNode'), { ...change, triggerNode: 'after.StartNode' }, true],
  ['NodeChange with no nodes takes any', nodes(), { ...change, triggerNode: 'whatever' }, true],
  [
    'NodeChange without triggerNode takes any',
    { model: 'models.Order', operate: 'NodeChange' },
    { ...change, triggerNode: 'x' },
    true,
  ],
  ['NodeChange with nodes takes none without one', nodes('a'), change, false],
  ['NodeChange takes no NodeHandled', nodes(), { ...handled, nodeId: 'a', handleType: 'agree' }, false],
  [
    'NodeHandled takes its act',
    acts({ handleType: 'agree' }),
    { ...handled, nodeId: 'n', handleType: 'agree' },
    true,
  ],
  [
    'NodeHandled takes one act of a list',
    acts({ handleType: ['agree', 'reject'] }),
    { ...handled, nodeId: 'n', handleType: 'reject' },
    true,
  ],
  [
    'NodeHandled takes no other act',
    acts({ handleType: ['agree', 'reject'] }),
    { ...handled, nodeId: 'n', handleType: 'refuse' },
    false,
  ],
  [
    'transfer is transmit',
    acts({ handleType: 'transfer' }),
    { ...handled, nodeId: 'n', handleType: 'transmit' },
    true,
  ],
  [
    'transmit is transfer',
    acts({ handleType: ['transmit'] }),
    { ...handled, nodeId: 'n', handleType: 'transfer' },
    true,
  ],
  [
    'reject is not refuse',
    acts({ handleType: 'reject' }),
    { ...handled, nodeId: 'n', handleType: 'refuse' },
    false,
  ],
  [
    'submit is an act',
    acts({ handleType: 'submit' }),
    { ...handled, nodeId: 'n', handleType: 'submit' },
    true,
  ],
  [
    'an act of the workflow’s own',
    acts({ handleType: 'cancel' }),
    { ...handled, nodeId: 'n', handleType: 'cancel' },
    true,
  ],
  [
    'NodeHandled takes its node',
    acts({ handleNode: 'hr' }),
    { ...handled, nodeId: 'hr', handleType: 'agree' },
    true,
  ],
  [
    'NodeHandled takes no other node',
    acts({ handleNode: 'hr' }),
    { ...handled, nodeId: 'hr2', handleType: 'agree' },
    false,
  ],
  [
    'NodeHandled wants both',
    acts({ handleNode: 'hr', handleType: 'agree' }),
    { ...handled, nodeId: 'hr', handleType: 'reject' },
    false,
  ],
  ['NodeHandled without either takes any', acts({}), { ...handled, nodeId: 'x', handleType: 'y' }, true],
  [
    'NodeHandled with an empty list takes any',
    acts({ handleType: [], handleNode: '' }),
    { ...handled, nodeId: 'x', handleType: 'y' },
    true,
  ],
  ['NodeHandled takes no Process', acts({}), { ...order, operate: 'Process', status: 's' }, false],
];

const moments = [
  'AddBefore',
  'AddAfter',
  'UpdateBefore',
  'UpdateAfter',
  'DeleteBefore',
  'DeleteAfter',
  'FieldUpdateAfter',
];
const watching = {
  model: 'models.User',
  operate: 'UpdateAfter',
  fields: ['status', '__proto__', 'constructor'],
};
const write = { model: 'models.User', optType: 'UpdateAfter' };
const models: Row[] = [
  ...moments.flatMap((operate, at): Row[] => [
    [
      `${operate} takes it`,
      { sender: 'models.User', operate },
      { model: 'models.User', optType: operate },
      true,
    ],
    [`${operate} takes it as operate`, { model: 'models.User', operate }, { operate }, true],
    [
      `${operate} takes no ${moments[(at + 1) % 7]}`,
      { model: 'models.User', operate },
      { optType: moments[(at + 1) % 7] },
      false,
    ],
  ]),
  ['its topic says enough', { model: 'models.User', operate: 'AddAfter' }, { postData: { a: 1 } }, true],
  [
    'another model does not match',
    { model: 'models.User', operate: 'AddAfter' },
    { model: 'models.Users', optType: 'AddAfter' },
    false,
  ],
  [
    'a watched field has changed',
    watching,
    { ...write, prevData: { status: 1, a: 1 }, postData: { status: 2, a: 1 } },
    true,
  ],
  [
    'another field has changed',
    watching,
    { ...write, prevData: { status: 1, a: 1 }, postData: { status: 1, a: 2 } },
    false,
  ],
  ['a watched field is new', watching, { ...write, prevData: { a: 1 }, postData: { a: 1, status: 0 } }, true],
  [
    'a watched field is null where it was absent',
    watching,
    { ...write, prevData: { a: 1 }, postData: { a: 1, status: null } },
    false,
  ],
  [
    'a watched field is deeply equal',
    watching,
    { ...write, prevData: { status: { x: [1] } }, postData: { status: { x: [1] } } },
    false,
  ],
  [
    'a field called constructor has changed',
    watching,
    { ...write, prevData: { a: 1 }, postData: { a: 1, constructor: 1 } },
    true,
  ],
  [
    'a field called __proto__ has changed',
    watching,
    { ...write, prevData: { a: 1 }, postData: JSON.parse('{"a": 1, "__proto__": 1}') },
    true,
  ],
  ['nothing is known of before', watching, { ...write, postData: { a: 1 } }, true],
  [
    'no fields are watched',
    { ...watching, fields: [] },
    { ...write, prevData: { a: 1 }, postData: { a: 1 } },
    true,
  ],
];

describe('events.WorkflowType', () => {
  it.each(workflows)('%s', async (_what, config, payload, taken) => {
    expect(await isTaken('events.WorkflowType', config, payload)).toBe(taken);
  });
});

describe('events.ModelType', () => {
  it.each(models)('%s', async (_what, config, payload, taken) => {
    expect(await isTaken('events.ModelType', config, payload)).toBe(taken);
  });

  it('has its model and moment as the topic', async () => {
    const app = await appWith(
      anElement('A', { type: 'events.ModelType', sender: 'models.UserModel', operate: 'UpdateAfter' }),
    );
    expect(handlerOf(app, 'events.A').source).toBe('models.UserModel_UpdateAfter');
    expect(app.api.getElement('events.A').getSender()).toBe('models.UserModel_UpdateAfter');
  });
});

describe('events.NormalType', () => {
  it('handles everything published with its sender', async () => {
    expect(await isTaken('events.NormalType', { sender: 'services.Shop.paid' }, {})).toBe(true);
  });
});

describe('The run settings of an element', () => {
  const normal = { type: 'events.NormalType', sender: 'services.Shop.paid' };
  const of = async (config: object) =>
    handlerOf(await appWith(anElement('A', { ...normal, ...config })), 'events.A');

  it('has defaults', async () => {
    expect(await of({})).toMatchObject({
      title: null,
      eventType: 'events.NormalType',
      baseType: 'events.NormalType',
      where: null,
      async: false,
      enabled: true,
      order: 0,
      failSender: true,
      timeoutMs: null,
      maxRetries: 3,
      retryDelayMs: 1_000,
    });
  });

  it('are used', async () => {
    const said = { title: 'T', order: -1, failSender: false, timeoutMs: 5, maxRetries: 0, retryDelayMs: 0 };
    expect(await of({ ...said, asyncType: true, enable: 0, where: 'data.total > 1' })).toMatchObject({
      ...said,
      async: true,
      enabled: false,
      where: 'data.total > 1',
    });
  });

  it.each([
    [1, true],
    [0, false],
    [true, true],
    [false, false],
  ])('may enable it by %s', async (enable, enabled) => {
    expect((await of({ enable })).enabled).toBe(enabled);
  });
});
