// Broken elements: the message names the file, the field and a correction.
import { describe, expect, it } from 'vitest';
import { loadApp } from '../../src/handlers/app/folder.ts';
import { anElement, appWith, fakePort, type Files } from './app-fixture.ts';

const normal = { type: 'events.NormalType', sender: 'services.Shop.paid' };
const workflow = { type: 'events.WorkflowType', model: 'models.Order', operate: 'Process' };
const model = { type: 'events.ModelType', model: 'models.User', operate: 'AddAfter' };
const shop: Files = {
  'services/Shop/e.json': { functionList: [{ name: 'pay' }, { name: 'refund' }] },
  'services/Shop/service.ts': 'export function pay() {}\nexport function refund() {}',
};

interface Case {
  readonly what: string;
  readonly files: Files;
  readonly problem: string;
  /** `events.A` unless said otherwise. */
  readonly of?: string;
}

function element(what: string, config: object, problem: string, more: Files = {}): Case {
  return { what, files: { ...more, ...anElement('A', config) }, problem };
}

const configs: Case[] = [
  {
    what: 'no JSON',
    files: { 'events/A/e.json': '{"type": }' },
    problem: `events/A/e.json is not JSON: Unexpected token '}', "{"type": }" is not valid JSON`,
  },
  {
    what: 'JSON but no object',
    files: { 'events/A/e.json': '[]' },
    problem: 'events/A/e.json must hold a JSON object, such as {"title": "…"}',
  },
  {
    what: 'no e.json',
    files: { 'events/A/inner.ts': '' },
    problem: "events/A/e.json is missing; it holds the element's type and configuration",
  },
  element(
    'no type',
    { sender: 'x' },
    'events/A/e.json: type is missing; it must be a text that is not empty',
  ),
  element(
    'a type of the wrong kind',
    { ...normal, type: 7 },
    'events/A/e.json: type must be a text that is not empty, not 7',
  ),
  element(
    'an unknown type',
    { ...normal, type: 'events.NormalTyp' },
    'events/A/e.json: type must be one of events.NormalType, events.ModelType, events.WorkflowType, not "events.NormalTyp" (did you mean events.NormalType?)',
  ),
  element(
    'no sender',
    { type: 'events.NormalType' },
    'events/A/e.json: sender is missing; it must be the published topic, such as "services.OrderSvc.paid"',
  ),
  element(
    'a sender that is not a topic',
    { ...normal, sender: 'a b' },
    'events/A/e.json: getSender() failed: its result "a b" is not a topic: 1 to 200 characters, parts of letters, digits, _ and - joined by dots.',
  ),
  element(
    'no model',
    { type: 'events.WorkflowType', operate: 'Process' },
    'events/A/e.json: model is missing; it must be the full name of a model, such as "models.OrderModel"',
  ),
  element(
    'neither model nor sender',
    { type: 'events.ModelType', operate: 'AddAfter' },
    'events/A/e.json: model is missing; it must be the full name of a model, such as "models.OrderModel"',
  ),
  element(
    'no operate',
    { type: 'events.WorkflowType', model: 'models.Order' },
    'events/A/e.json: operate is missing; it must be one of Process, NodeChange, NodeHandled',
  ),
  element(
    'a misspelt operate',
    { ...workflow, operate: 'Proces' },
    'events/A/e.json: operate must be one of Process, NodeChange, NodeHandled, not "Proces" (did you mean Process?)',
  ),
  element(
    'an unknown moment',
    { ...model, operate: 'AddedAfter' },
    'events/A/e.json: operate must be one of AddBefore, AddAfter, UpdateBefore, UpdateAfter, DeleteBefore, DeleteAfter, FieldUpdateAfter, not "AddedAfter" (did you mean AddAfter?)',
  ),
  element(
    'fields that are not a list',
    { ...model, fields: 'status' },
    'events/A/e.json: fields must be a list of the fields to watch, such as ["status"], not "status"',
  ),
  element(
    'asyncType that is not a boolean',
    { ...normal, asyncType: 'yes' },
    'events/A/e.json: asyncType must be true or false, not "yes"',
  ),
  element(
    'enable that is neither a boolean nor 0 or 1',
    { ...normal, enable: 2 },
    'events/A/e.json: enable must be one of 1, 0, true, false, not 2',
  ),
  element(
    'a timeout of zero',
    { ...normal, timeoutMs: 0 },
    'events/A/e.json: timeoutMs must be a whole number of milliseconds from 1 to 3600000, not 0',
  ),
  element(
    'a triggerNode that is not a list',
    { ...workflow, triggerNode: 'node1' },
    'events/A/e.json: triggerNode must be a list of nodes, such as ["deptApproval", "after.StartNode"], not "node1"',
  ),
  element(
    'a misspelt handleType',
    { ...workflow, operate: 'NodeHandled', handleType: ['agre'] },
    'events/A/e.json: handleType "agre" is not one of submit, manualEnd, agree, refuse, reject, transfer, transmit (did you mean agree?)',
  ),
  element(
    'a misspelt funcType',
    { ...normal, funcType: 'Innr' },
    'events/A/e.json: funcType must be one of Inner, Global, not "Innr" (did you mean Inner?)',
  ),
  element(
    'two faults',
    { ...normal, asyncType: 1, order: 'first' },
    'events/A/e.json: asyncType must be true or false, not 1; order must be a whole number, not "first"',
  ),
  element(
    'a bad filter',
    { ...normal, where: 'topic ==\n  payload.' },
    expect.stringMatching(/^events\/A\/e\.json: where, line 2, column \d+: /) as unknown as string,
  ),
  element(
    'a filter with an unknown function',
    { ...normal, where: 'topic.endswith("x")' },
    expect.stringContaining('line 1, column 7') as unknown as string,
  ),
];

/** With an unread field the handler would run for more events than its author says. */
const strays: Case[] = [
  ...[
    ['filter', 'true', 'where'],
    ['conditions', 'true', 'where'],
    ['Where', 'true', 'where'],
    ['wher', 'true', 'where'],
    ['trigerNode', ['a'], 'triggerNode'],
    ['async', true, 'asyncType'],
    ['disabled', true, 'enable'],
    ['retries', 0, 'maxRetries'],
    ['timeout', 5, 'timeoutMs'],
  ].map(([field, value, meant]) =>
    element(
      `${String(field)}, which has no meaning`,
      { ...workflow, [String(field)]: value },
      `events/A/e.json: ${String(field)} has no meaning; did you mean ${String(meant)}?`,
    ),
  ),
  element(
    'a fault, and a field without meaning',
    { ...normal, asyncType: 1, filter: 'true' },
    'events/A/e.json: asyncType must be true or false, not 1; filter has no meaning; did you mean where?',
  ),
  {
    what: 'a field of its type that nobody reads',
    files: { 'types/One/e.json': { type: 'events.ModelType', filter: 'true' }, 'types/One/type.ts': '' },
    of: 'types.One',
    problem: 'types/One/e.json: filter has no meaning; did you mean where?',
  },
  {
    what: 'a declared event with a field that nobody reads',
    files: { 'services/Shop/e.json': { eventDescs: [{ name: 'a' }, { name: 'b', payloadShema: {} }] } },
    of: 'services.Shop',
    problem: 'services/Shop/e.json: eventDescs[1].payloadShema has no meaning; did you mean payloadSchema?',
  },
  {
    what: 'events of a service under a name that nobody reads',
    files: { 'services/Shop/e.json': { events: [{ name: 'a' }] } },
    of: 'services.Shop',
    problem: 'services/Shop/e.json: events has no meaning; did you mean eventDescs?',
  },
];

const functions: Case[] = [
  {
    what: 'no inner file',
    files: { 'events/A/e.json': { ...normal, funcType: 'inner' } },
    problem: 'events/A/inner.ts is missing; it exports customFunc, since funcType is Inner',
  },
  {
    what: 'neither func nor inner file',
    files: { 'events/A/e.json': normal },
    problem:
      'events/A/e.json: func is missing; it must be <service>.<function>, such as "services.OrderSvc.pay", or there must be an inner.ts',
  },
  element(
    'a function that is not exported',
    { ...normal, func: 'inner.customFunk' },
    'events/A/inner.ts does not export customFunk (did you mean customFunc?); it exports customFunc',
  ),
  element(
    'a function named like a member of every object',
    { ...normal, func: 'inner.toString' },
    'events/A/inner.ts does not export toString; it exports customFunc',
  ),
  element(
    'a func that is not inner',
    { ...normal, func: 'services.Shop.pay', funcType: 'Inner' },
    'events/A/e.json: func must be inner.<function>, since funcType is Inner, not "services.Shop.pay"',
  ),
  element(
    'an unknown service',
    { ...normal, func: 'services.Shob.pay' },
    'events/A/e.json: func names the service "services.Shob", which does not exist (did you mean services.Shop?); there are services.Shop',
    shop,
  ),
  element(
    'an unknown function of a service',
    { ...normal, func: 'services.Shop.payy' },
    'events/A/e.json: func names payy, which services.Shop does not have (did you mean pay?); it has pay, refund',
    shop,
  ),
  element(
    'a broken service',
    { ...normal, func: 'services.Shop.pay' },
    'events/A/e.json: func names services.Shop, which is broken; see its own error',
    { ...shop, 'services/Shop/service.ts': 'throw 1' },
  ),
];

function inner(what: string, code: string, problem: string): Case {
  return { what, files: { 'events/A/e.json': normal, 'events/A/inner.ts': code }, problem };
}

const code: Case[] = [
  inner(
    'TypeScript that does not compile',
    'export const a = 1;\nexport const b: = 2;',
    'events/A/inner.ts:2:16 does not compile: Unexpected token',
  ),
  inner(
    'a module that throws',
    'export const a = 1;\n\nthrow new Error("no such luck");',
    'events/A/inner.ts:3 failed when it was loaded: no such luck',
  ),
  inner(
    'a module that throws a value other than an Error',
    'throw "just this";',
    'events/A/inner.ts failed when it was loaded: just this',
  ),
  inner(
    'an import of what is not there',
    'import "./nothing.ts";',
    "events/A/inner.ts:1 failed when it was loaded: Cannot find module './nothing.ts'",
  ),
  inner(
    'an await that never ends',
    'await new Promise(() => {});',
    'events/A/inner.ts was not loaded within 1 s; is there an await at its top level, or in what it imports, that does not end?',
  ),
];

const others: Case[] = [
  {
    what: 'two elements of one full name',
    files: { ...anElement('b/c', normal), ...anElement('b.c', normal) },
    of: 'events.b.c',
    problem: 'events/b.c and events/b/c have the same full name, events.b.c; rename one of them',
  },
  {
    what: 'a name that no topic can have',
    files: anElement('a b', normal),
    of: 'events.a b',
    problem:
      'events/a b: the names of folders must be of letters, digits, _ and -, with at most 200 characters in all, because they form the full name',
  },
  {
    what: "the event service's own name",
    files: anElement('services/EventSvc', normal),
    of: 'events.services.EventSvc',
    problem: 'events/services/EventSvc: events.services.EventSvc comes with the gateway; choose another name',
  },
  {
    what: 'a functionList that names what is not there',
    files: { ...shop, 'services/Shop/service.ts': 'export function pay() {}\nexport function refnd() {}' },
    of: 'services.Shop',
    problem:
      'services/Shop/e.json: functionList names refund, but services/Shop/service.ts does not export refund (did you mean refnd?); it exports pay, refnd',
  },
  {
    what: 'a functionList without code',
    files: { 'services/Shop/e.json': shop['services/Shop/e.json'] },
    of: 'services.Shop',
    problem: 'services/Shop/service.ts is missing; functionList of e.json names pay, refund',
  },
  {
    what: 'an event that is declared twice',
    files: { 'services/Shop/e.json': { eventDescs: [{ name: 'paid' }, { name: 'paid' }] } },
    of: 'services.Shop',
    problem: 'services/Shop/e.json: eventDescs names "paid" twice; each event needs a unique name',
  },
  {
    what: 'an event without a name',
    files: { 'services/Shop/e.json': { eventDescs: [{ title: 'Paid' }] } },
    of: 'services.Shop',
    problem:
      'services/Shop/e.json: eventDescs[0].name is missing; it must be a name of letters, digits, _ and -',
  },
  {
    what: 'a class that cannot be made',
    files: {
      ...shop,
      'services/Shop/service.ts': 'export class Shop { constructor() { throw new Error("no"); } }',
    },
    of: 'services.Shop',
    problem: 'services/Shop/service.ts: its class cannot be made: no',
  },
  {
    what: 'a model that cannot save',
    files: { 'models/Order/model.ts': 'export function safe() {}' },
    of: 'models.Order',
    problem: 'models/Order/model.ts does not export save (did you mean safe?); it exports safe',
  },
  {
    what: 'a model without code',
    files: { 'models/Order/e.json': {} },
    of: 'models.Order',
    problem: 'models/Order/model.ts is missing; it exports save(row), which stores a row',
  },
  {
    what: 'types that are built on each other',
    files: {
      'types/One/e.json': { type: 'types.Two' },
      'types/One/type.ts': '',
      'types/Two/e.json': { type: 'types.One' },
      'types/Two/type.ts': '',
    },
    of: 'types.Two',
    problem:
      'types/One/e.json: type is circular: types.One → types.Two → types.One; one of them must extend events.NormalType, events.ModelType, events.WorkflowType',
  },
  {
    what: 'a type without a class',
    files: { 'types/One/e.json': { type: 'events.ModelType' }, 'types/One/type.ts': 'export const a = 1;' },
    of: 'types.One',
    problem:
      'types/One/type.ts must export a class that extends ModelType, as the type events.ModelType of its e.json says',
  },
  {
    what: 'a type that extends another than it says',
    files: {
      'types/One/e.json': { type: 'events.ModelType' },
      'types/One/type.ts': "import { NormalType } from 'throughline'; export class One extends NormalType {}",
    },
    of: 'types.One',
    problem:
      'types/One/type.ts must export a class that extends ModelType, as the type events.ModelType of its e.json says',
  },
  {
    ...element(
      'a broken type',
      { ...normal, type: 'types.One' },
      'events/A/e.json: the type types.One is broken; see its own error',
      { 'types/One/e.json': {} },
    ),
  },
];

describe('A broken element', () => {
  const table = [...configs, ...strays, ...functions, ...code, ...others];
  it.each(table)(
    'with $what is reported, and the others work',
    async ({ files, problem, of = 'events.A' }) => {
      const port = fakePort();
      const app = await appWith({ ...files, ...anElement('Works', normal) }, port);
      expect(app.broken.find(({ fullName }) => fullName === of)).toEqual({
        fullName: of,
        title: null,
        problem,
      });
      expect(app.handlers.map(({ fullName }) => fullName)).toEqual(['events.Works']);
      expect(port.lines.filter(({ level }) => level === 'error')).toContainEqual({
        level: 'error',
        message: problem,
        facts: { element: of },
      });
      if (of !== 'events.services.EventSvc') expect(() => app.element(of)).toThrow(/does not work: /);
    },
  );

  it('that breaks while it is imported breaks all who import it, and is not given to the second half-made', async () => {
    const importing = "import { half } from '../../half.ts'; export const customFunc = () => half;";
    const app = await appWith({
      'half.ts': 'export const half = 1;\nthrow new Error("half-way");',
      'events/A/e.json': normal,
      'events/A/inner.ts': importing,
      'events/B/e.json': normal,
      'events/B/inner.ts': importing,
    });
    expect(app.handlers).toEqual([]);
    expect(app.broken.map(({ problem }) => problem)).toEqual([
      'half.ts:2 failed when it was loaded: half-way',
      'half.ts:2 failed when it was loaded: half-way',
    ]);
  });

  it.each(['backendBundleEntry', 'backendEpath', 'extendType', 'returnType', 'path', 'icon', 'least'])(
    'is not one that has %s, which packages it or is its own',
    async (field) => {
      const port = fakePort();
      const app = await appWith(anElement('A', { ...workflow, [field]: 'x' }), port);
      expect(app.handlers.map(({ fullName }) => fullName)).toEqual(['events.A']);
      expect(port.lines).toEqual([]);
    },
  );
});

describe('An app folder', () => {
  it('that is missing is a startup error', async () => {
    await expect(loadApp('/nowhere/at/all', { port: fakePort() })).rejects.toThrow(
      expect.objectContaining({
        name: 'StartupError',
        message: expect.stringMatching(/^The app folder \/nowhere\/at\/all cannot be read: ENOENT.*$/),
      }),
    );
  });

  it('that is a file is a startup error', async () => {
    await expect(loadApp('package.json', { port: fakePort() })).rejects.toThrow(
      /^The app folder \S+\/package\.json cannot be read: it is not a folder$/,
    );
  });

  it('may be empty', async () => {
    expect(await appWith({})).toMatchObject({ handlers: [], broken: [], declarations: [] });
  });

  it('may hold elements at any depth', async () => {
    const app = await appWith({ ...anElement('billing/late/Paid', normal), ...anElement('billing', normal) });
    expect(app.handlers.map(({ fullName }) => fullName)).toEqual([
      'events.billing',
      'events.billing.late.Paid',
    ]);
  });

  it('declares the topics of its services, also if the code of one is broken', async () => {
    const payloadSchema = { type: 'object' };
    const app = await appWith({
      'services/Shop/e.json': {
        functionList: [{ name: 'pay' }],
        eventDescs: [{ name: 'paid', title: 'Paid', desc: 'Money came', payloadSchema }, { name: 'late' }],
      },
    });
    expect(app.broken).toHaveLength(1);
    expect(app.declarations).toEqual([
      {
        name: 'services.Shop.paid',
        title: 'Paid',
        description: 'Money came',
        summarySchema: null,
        payloadSchema,
      },
      {
        name: 'services.Shop.late',
        title: null,
        description: null,
        summarySchema: null,
        payloadSchema: null,
      },
    ]);
  });
});
