// Static checks of a parsed CEL filter: names, functions, size, and that the result can be a boolean.
import { limits } from '../../../base/limits.ts';
import { typeNames } from './compile.ts';
import { implementation } from '../functions/functions.ts';
import { notA, shownName } from '../functions/library.ts';
import { Meter } from '../meter.ts';
import { CelProblem } from './problem.ts';
import { type Signature, signatures } from './signatures.ts';
import { isOfType, staticType, withArticle } from './static-type.ts';
import { isSubjectName, subjectNames } from '../subject.ts';
import { nearest } from './suggest.ts';
import { type CallNode, childrenOf, type MacroNode, type Node } from './tree.ts';
import { Fault } from '../functions/value.ts';

const names = Object.keys(subjectNames);
const macroForms: ReadonlyMap<string, string> = new Map([
  ['has', 'has() takes a path that ends with a name, such as has(data.url.path)'],
  ['all', 'all() takes a variable and a condition, such as data.items.all(item, item.size > 1)'],
  ['exists', 'exists() takes a variable and a condition, such as data.items.exists(item, item.size > 1)'],
  ['exists_one', 'exists_one() takes a variable and a condition, such as data.ids.exists_one(id, id == 7)'],
  ['existsOne', 'existsOne() takes a variable and a condition, such as data.ids.existsOne(id, id == 7)'],
  ['map', 'map() takes a variable and a value, such as data.items.map(item, item.size)'],
  ['filter', 'filter() takes a variable and a condition, such as data.items.filter(item, item.size > 1)'],
  ['sortBy', 'sortBy() takes a variable and a key, such as data.items.sortBy(item, item.size)'],
]);

/** Throws a CelProblem. */
export function checkTree(tree: Node): void {
  new Walk().node(tree, { variables: [], depth: 1, macros: 0 });
  mustBeBoolean(tree);
}

interface Around {
  readonly variables: readonly string[];
  readonly depth: number;
  readonly macros: number;
}

class Walk {
  #count = 0;

  node(node: Node, around: Around): void {
    this.#count += 1;
    if (this.#count > limits.celNodes)
      throw new CelProblem(
        node.at,
        `the filter has more than ${limits.celNodes} names, values and operators`,
      );
    if (around.depth > limits.celDepth)
      throw new CelProblem(node.at, `the filter is nested deeper than ${limits.celDepth} levels`);
    if (node.kind === 'macro') return this.#macro(node, around);
    const inner = { ...around, depth: around.depth + 1 };
    if (node.kind === 'name') checkName(node.at, node.name, around.variables);
    if (node.kind === 'select' && typeNames.has(pathOf(node))) return;
    if (node.kind === 'call') {
      const qualified = node.target && `${pathOf(node.target)}.${node.name}`;
      checkCall(node, around.variables);
      if (qualified !== null && signatures.has(qualified)) {
        for (const arg of node.args) this.node(arg, inner);
        return;
      }
    }
    for (const child of childrenOf(node)) this.node(child, inner);
  }

  #macro(node: MacroNode, around: Around): void {
    const inner = {
      variables: [...around.variables, node.variable],
      depth: around.depth + 1,
      macros: around.macros + 1,
    };
    if (inner.macros > limits.celMacros) {
      throw new CelProblem(
        node.at,
        `${node.macro}() is nested in ${limits.celMacros} other macros; at most ${limits.celMacros} levels are allowed`,
      );
    }
    this.node(node.range, { ...around, depth: inner.depth });
    for (const part of [node.test, node.step]) if (part) this.node(part, inner);
  }
}

/** A chain of names, as written. */
function pathOf(node: Node): string {
  if (node.kind === 'name') return node.name.replace(/^\./, '');
  return node.kind === 'select' ? `${pathOf(node.from)}.${node.field}` : '';
}

/** Names of the same fields in other filters of events. */
const aliases: ReadonlyMap<string, string> = new Map([
  ['payload', 'data'],
  ['event', 'data'],
  ['body', 'data'],
  ['createdAt', 'created_at'],
  ['null_value', 'null'],
  ['None', 'null'],
  ['nil', 'null'],
]);

function checkName(at: number, name: string, variables: readonly string[]): void {
  const plain = name.replace(/^\./, '');
  if (isSubjectName(plain) || typeNames.has(plain) || variables.includes(name)) return;
  const meant = aliases.get(plain) ?? nearest(plain, [...variables, ...names, 'true', 'false', 'null']);
  throw new CelProblem(
    at,
    `unknown name ${plain}; available names are ${names.join(', ')}${variables.length > 0 ? `, and here ${variables.join(', ')}` : ''}`,
    meant,
  );
}

function checkCall(node: CallNode, variables: readonly string[]): void {
  const { at, name, target, args } = node;
  const [first] = args;
  // Operators have names that cannot be written.
  if (/\W/.test(name)) return;
  const qualified = target ? `${pathOf(target)}.${name}` : name;
  const known = signatures.get(qualified) ?? signatures.get(name);
  if (!known || (target && isNamespace(target, variables) && !signatures.has(qualified)))
    throw noFunction(node, variables);
  const receives = target !== null && !signatures.has(qualified);
  const fitting = known.filter(({ receiver }) => receiver === receives);
  if (fitting.length === 0) {
    const form = known[0]!.receiver ? `value.${name}(…)` : `${name}(…)`;
    throw new CelProblem(at, `${name} is called as ${form}`);
  }
  const taking = fitting.filter((form) =>
    form.isVariadic ? args.length >= form.args : args.length === form.args,
  );
  if (taking.length === 0) {
    const counts = [...new Set(fitting.map((form) => form.args))].sort().join(' or ');
    const amount = fitting.some(({ isVariadic }) => isVariadic) ? `${counts} or more` : counts;
    throw new CelProblem(
      at,
      `${name}() takes ${amount} ${amount === '1' ? 'value' : 'values'}, not ${args.length}`,
    );
  }
  checkTypes(node, receives, taking, variables);
  if (!receives && (name === 'timestamp' || name === 'duration') && first?.kind === 'literal')
    checkTime(name, first);
}

function noFunction({ at, name, target }: CallNode, variables: readonly string[]): CelProblem {
  const form = macroForms.get(name);
  if (form !== undefined && target && !isNamespace(target, variables)) return new CelProblem(at, form);
  if (form !== undefined && !target && !signatures.has(name)) return new CelProblem(at, form);
  if (target && isNamespace(target, variables)) {
    const prefix = `${pathOf(target)}.`;
    const names = [...signatures.keys()].filter((known) => known.startsWith(prefix));
    const meant = nearest(
      name,
      names.map((known) => known.slice(prefix.length)),
    );
    return new CelProblem(at, `unknown function ${prefix}${name}`, meant && `${prefix}${meant}`);
  }
  const elsewhere = [...signatures.keys()].find((known) => known.endsWith(`.${name}`));
  const meant = elsewhere ?? nearest(name, [...functionNames(target !== null), ...macroForms.keys()]);
  return new CelProblem(at, `unknown function ${name}`, meant);
}

const namespaces = new Set([...signatures.keys()].flatMap((name) => name.split('.').slice(0, -1)));

function isNamespace(target: Node, variables: readonly string[]): boolean {
  return target.kind === 'name' && namespaces.has(target.name) && !variables.includes(target.name);
}

function functionNames(receives: boolean): string[] {
  return [...signatures]
    .filter(([, known]) => known.some(({ receiver }) => receiver === receives))
    .map(([name]) => name);
}

/** Checks the arguments of extension functions whose types are known without an event. */
function checkTypes(
  { name, target, args }: CallNode,
  receives: boolean,
  forms: readonly Signature[],
  variables: readonly string[],
): void {
  if (forms.some(({ takes }) => takes === null)) return;
  const values = receives ? [target!, ...args] : args;
  for (const [n, value] of values.entries()) {
    const type = value.kind === 'name' && variables.includes(value.name) ? 'dyn' : staticType(value);
    const allowed = new Set(forms.map(({ takes, isVariadic }) => takes![isVariadic ? 0 : n]!));
    if ([...allowed].some((taken) => isOfType(type, taken))) continue;
    const right = [...allowed].map(withArticle).join(' or ');
    throw new CelProblem(
      value.at,
      receives && n === 0
        ? `${name}() is called on ${right}, not on ${type}`
        : `${name}() takes ${right}, not ${type}`,
    );
  }
}

function checkTime(name: string, literal: Extract<Node, { kind: 'literal' }>): void {
  const made = implementation(name, false)?.([literal.value], new Meter(), literal.at);
  if (made instanceof Fault) throw new CelProblem(literal.at, notA(name));
}

/** Refuses a part that must be a boolean but never is: the whole filter, and operands of &&, || and !. */
function mustBeBoolean(node: Node): void {
  if (node.kind === 'and' || node.kind === 'or') return node.members.forEach(mustBeBoolean);
  if (node.kind === 'if') return [node.condition, node.then, node.otherwise].forEach(mustBeBoolean);
  if (node.kind === 'call' && node.name === '!_') return node.args.forEach(mustBeBoolean);
  const type = staticType(node);
  if (type === 'bool' || type === 'dyn') return;
  const what =
    node.kind === 'call' && /\W/.test(node.name) ? `the result of ${shownName(node.name)}` : 'this';
  throw new CelProblem(node.at, `a filter must be a boolean, but ${what} is ${type}`);
}
