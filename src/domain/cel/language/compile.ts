// The compiler from a filter's tree to functions that evaluate it, like the library's plan but at a metered cost.
import { celList, celMap, CelScalar, listType, mapType, objectType } from '@bufbuild/cel';
import { asError } from '../../../base/errors.ts';
import { implementation } from '../functions/functions.ts';
import { noOverload, notA } from '../functions/library.ts';
import { compileMacro } from './macro.ts';
import { CelProblem } from './problem.ts';
import { Pattern } from '../functions/pattern.ts';
import { asFault, type Compiled, type Run, type Scope } from './run.ts';
import { signatures } from './signatures.ts';
import type { CallNode, Node } from './tree.ts';
import { Fault, isCelList, isCelMap, isCelUint, typeName, type Value } from '../functions/value.ts';

export const typeNames: ReadonlyMap<string, Value> = new Map<string, Value>([
  ['int', CelScalar.INT],
  ['uint', CelScalar.UINT],
  ['double', CelScalar.DOUBLE],
  ['bool', CelScalar.BOOL],
  ['string', CelScalar.STRING],
  ['bytes', CelScalar.BYTES],
  ['list', listType(CelScalar.DYN)],
  ['map', mapType(CelScalar.DYN, CelScalar.DYN)],
  ['null_type', CelScalar.NULL],
  ['type', CelScalar.TYPE],
  ['google.protobuf.Timestamp', objectType('google.protobuf.Timestamp')],
  ['google.protobuf.Duration', objectType('google.protobuf.Duration')],
]);

/** Throws a CelProblem for a literal that a function never accepts. */
export function compile(node: Node, scope: Scope): Compiled {
  switch (node.kind) {
    case 'literal': {
      const { value } = node;
      return () => value;
    }
    case 'name':
      return compileName(node.at, node.name, scope);
    case 'select':
      return compileSelect(node, scope);
    case 'has':
      return compileHas(node, scope);
    case 'and':
    case 'or':
      return compileLogic(node, scope);
    case 'if':
      return compileIf(node, scope);
    case 'call':
      return compileCall(node, scope);
    case 'list':
      return compileList(node.items, scope);
    case 'map':
      return compileMap(node, scope);
    case 'macro':
      return compileMacro(node, scope, compile);
  }
}

function compileName(at: number, name: string, scope: Scope): Compiled {
  const global = name.startsWith('.') ? name.slice(1) : name;
  const slot = global === name ? scope.variables.lastIndexOf(name) : -1;
  if (slot >= 0) return ({ items }) => items[slot]!;
  const unknown = new Fault(at, `there is no ${global}`);
  const type = typeNames.get(global);
  return ({ names }) => orElse(names.get(global), type ?? unknown);
}

/** The value, or `otherwise` if it is undefined. Null is a value. */
function orElse(value: Value | undefined, otherwise: Value | Fault): Value | Fault {
  return value === undefined ? otherwise : value;
}

function compileSelect(node: Extract<Node, { kind: 'select' | 'has' }>, scope: Scope): Compiled {
  const { at, field } = node;
  const from = compile(node.from, scope);
  const missing = new Fault(at, `there is no key ${JSON.stringify(field)}`);
  const plain: Compiled = (run) => {
    const holder = from(run);
    if (holder instanceof Fault) return holder;
    if (isCelMap(holder)) return orElse(holder.get(field), missing);
    return new Fault(at, `${typeName(holder)} has no keys, and so no ${JSON.stringify(field)}`);
  };
  const qualified = node.kind === 'select' ? qualifiedName(node, scope) : null;
  if (qualified === null) return plain;
  // A name that contains dots has precedence over a key with the same name.
  const name = qualified.replace(/^\./, '');
  const type = typeNames.get(name);
  if (scope.dottedNames) {
    return (run) => {
      const value = run.names.get(name) === undefined ? type : run.names.get(name);
      return value === undefined ? plain(run) : value;
    };
  }
  return type === undefined ? plain : () => type;
}

/** The qualified name that a chain of names spells, or null. */
function qualifiedName(node: Node, scope: Scope): string | null {
  if (node.kind === 'name') return scope.variables.includes(node.name) ? null : node.name;
  if (node.kind !== 'select') return null;
  const before = qualifiedName(node.from, scope);
  return before === null ? null : `${before}.${node.field}`;
}

function compileHas(node: Extract<Node, { kind: 'select' | 'has' }>, scope: Scope): Compiled {
  const { field } = node;
  const from = compile(node.from, scope);
  return (run) => {
    const holder = from(run);
    if (holder instanceof Fault) return holder;
    return isCelMap(holder) && holder.get(field) !== undefined;
  };
}

/** One side may decide the result even if the other has an error. */
function compileLogic(node: Extract<Node, { kind: 'and' | 'or' }>, scope: Scope): Compiled {
  const decisive = node.kind === 'or';
  const members = node.members.map((member) => compile(member, scope));
  const places = node.members.map((member) => member.at);
  return (run) => {
    let fault: Fault | null = null;
    for (let n = 0; n < members.length; n += 1) {
      const value = members[n]!(run);
      if (value === decisive) return decisive;
      if (value !== !decisive && fault === null) fault = asFault(value, places[n]!);
    }
    return fault ?? !decisive;
  };
}

function compileIf(node: Extract<Node, { kind: 'if' }>, scope: Scope): Compiled {
  const [condition, then, otherwise] = [node.condition, node.then, node.otherwise].map((part) =>
    compile(part, scope),
  ) as [Compiled, Compiled, Compiled];
  return (run) => {
    const value = condition(run);
    if (value === true) return then(run);
    return value === false ? otherwise(run) : asFault(value, node.condition.at);
  };
}

function compileCall(node: CallNode, scope: Scope): Compiled {
  const { at, name, target } = node;
  const qualified = target && qualifiedName(target, scope);
  const global = qualified !== null && signatures.has(`${qualified}.${name}`);
  const nodes = target && !global ? [target, ...node.args] : node.args;
  if (name === '_[_]' && nodes.length === 2) return compileIndex(node, nodes[0]!, nodes[1]!, scope);
  const pattern = nodes[1];
  if (name === 'matches' && target && pattern?.kind === 'literal' && typeof pattern.value === 'string')
    return compileMatches(at, compile(nodes[0]!, scope), pattern.at, pattern.value);
  const call = implementation(global ? `${qualified}.${name}` : name, target !== null && !global);
  if (!call) return always(new Fault(at, `unknown function ${name}`));
  const args = nodes.map((arg) => compile(arg, scope));
  const evaluated: Compiled = (run) => {
    const values: Value[] = [];
    for (const arg of args) {
      const value = arg(run);
      if (value instanceof Fault) return value;
      values.push(value);
    }
    return call(values, run.meter, at);
  };
  return isConstant(node) ? once(evaluated, node) : evaluated;
}

function always(fault: Fault): Compiled {
  return () => fault;
}

function isConstant({ name, target, args }: CallNode): boolean {
  return !target && (name === 'timestamp' || name === 'duration') && args[0]?.kind === 'literal';
}

/** Evaluates a constant time or duration when the filter is compiled. */
function once(evaluated: Compiled, { name, args }: CallNode): Compiled {
  let value: Value | Fault | undefined;
  const literal = args[0]!;
  return (run) => ((value ??= evaluated(run)) instanceof Fault ? new Fault(literal.at, notA(name)) : value);
}

function compileMatches(at: number, text: Compiled, patternAt: number, source: string): Compiled {
  const pattern = checkedPattern(patternAt, source);
  return (run) => {
    const value = text(run);
    if (typeof value === 'string') return pattern.test(value, run.meter);
    return value instanceof Fault ? value : noOverload(at, 'matches', [value, source]);
  };
}

function checkedPattern(at: number, source: string): Pattern {
  try {
    return new Pattern(source);
  } catch (error) {
    throw new CelProblem(at, `the pattern of matches() is invalid: ${asError(error).message}`);
  }
}

function compileIndex(node: CallNode, holderNode: Node, keyNode: Node, scope: Scope): Compiled {
  const [holderOf, keyOf] = [compile(holderNode, scope), compile(keyNode, scope)];
  const named = keyNode.kind === 'literal' ? JSON.stringify(String(keyNode.value)) : 'with that value';
  const missing = new Fault(node.at, `there is no key ${named}`);
  const outside = new Fault(node.at, 'the list is shorter');
  return (run) => {
    const holder = holderOf(run);
    if (holder instanceof Fault) return holder;
    const key = keyOf(run);
    if (key instanceof Fault) return key;
    const index = isCelUint(key) ? key.value : key;
    if (isCelMap(holder)) {
      if (typeof index === 'object') return noOverload(node.at, node.name, [holder, key]);
      return orElse(holder.get(index), missing);
    }
    if (!isCelList(holder) || (typeof index !== 'bigint' && typeof index !== 'number'))
      return noOverload(node.at, node.name, [holder, key]);
    return orElse(Number.isInteger(Number(index)) ? holder.get(Number(index)) : undefined, outside);
  };
}

function compileList(nodes: readonly Node[], scope: Scope): Compiled {
  const items = nodes.map((item) => compile(item, scope));
  if (nodes.every(({ kind }) => kind === 'literal')) {
    const list = celList(items.map((item) => item({} as Run) as Value));
    return () => list;
  }
  return (run) => {
    run.meter.charge(2 + items.length);
    const values: Value[] = [];
    for (const item of items) {
      const value = item(run);
      if (value instanceof Fault) return value;
      values.push(value);
    }
    return celList(values);
  };
}

type MapKey = string | boolean | bigint;

function compileMap(node: Extract<Node, { kind: 'map' }>, scope: Scope): Compiled {
  const entries = node.entries.map(([key, value]) => [compile(key, scope), compile(value, scope)] as const);
  return (run) => {
    run.meter.charge(3 + 3 * entries.length);
    const map = new Map<MapKey, Value>();
    for (const [keyOf, valueOf] of entries) {
      const key = keyOf(run);
      if (key instanceof Fault) return key;
      const usable = mapKey(key);
      if (usable === undefined) return new Fault(node.at, `${typeName(key)} cannot be a map key`);
      const value = valueOf(run);
      if (value instanceof Fault) return value;
      if (map.has(usable)) return new Fault(node.at, 'a map has the same key twice');
      map.set(usable, value);
    }
    return celMap(map);
  };
}

/** Normalises a key: equal numbers are the same key. */
function mapKey(key: Value): MapKey | undefined {
  if (typeof key === 'string' || typeof key === 'boolean' || typeof key === 'bigint') return key;
  if (isCelUint(key)) return key.value;
  return typeof key === 'number' && Number.isInteger(key) ? BigInt(key) : undefined;
}
