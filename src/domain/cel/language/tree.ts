// The syntax tree of a CEL filter: the library's, with one node per macro and per chain of && or ||.
import { type CelUint, celUint, parse } from '@bufbuild/cel';
import { CelProblem } from './problem.ts';
import { type Source, sourceOf } from './source.ts';

export type Literal = string | number | bigint | boolean | null | CelUint | Uint8Array;

/** A filter macro is a map of each item that passes the test to itself. */
export type Macro = 'all' | 'exists' | 'exists_one' | 'map' | 'sortBy';

/** `at` is where the node begins or, for an infix or postfix node, where its operator or name is. */
export type Node = { readonly at: number } & (
  | { readonly kind: 'literal'; readonly value: Literal }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'select' | 'has'; readonly from: Node; readonly field: string }
  | { readonly kind: 'and' | 'or'; readonly members: readonly Node[] }
  | { readonly kind: 'if'; readonly condition: Node; readonly then: Node; readonly otherwise: Node }
  | CallNode
  | { readonly kind: 'list'; readonly items: readonly Node[] }
  | { readonly kind: 'map'; readonly entries: readonly (readonly [key: Node, value: Node])[] }
  | MacroNode
);

/** A call of a function or operator. Operators have CEL's internal names: _==_, @in, -_ and so on. */
export interface CallNode {
  readonly kind: 'call';
  readonly at: number;
  readonly name: string;
  readonly target: Node | null;
  readonly args: readonly Node[];
}

export interface MacroNode {
  readonly kind: 'macro';
  readonly at: number;
  readonly macro: Macro;
  readonly range: Node;
  readonly variable: string;
  readonly test: Node | null;
  /** The result of map for an item, or the sort key of sortBy. */
  readonly step: Node | null;
}

type ParsedExpr = ReturnType<typeof parse>;
type Expr = ParsedExpr['expr'];
type Comprehension = Extract<Expr['exprKind'], { case: 'comprehensionExpr' }>['value'];
type Call = Extract<Expr['exprKind'], { case: 'callExpr' }>['value'];

/** Throws the library's error for a syntax error, or a CelProblem. */
export function parseTree(text: string): Node {
  const source = sourceOf(text);
  const { expr, sourceInfo } = parse(source.plain);
  return new Reader(source, sourceInfo?.positions ?? {}).node(expr);
}

const space = /[\t\n\f\r ]+/y;

class Reader {
  readonly #source: Source;
  readonly #positions: Readonly<Record<string, number>>;

  constructor(source: Source, positions: Readonly<Record<string, number>>) {
    this.#source = source;
    this.#positions = positions;
  }

  node(expr: Expr | undefined): Node {
    if (!expr) throw new CelProblem(0, 'the expression is not complete');
    const at = this.#wordAt(this.#positions[String(expr.id)] ?? 0);
    const { case: kind, value } = expr.exprKind;
    switch (kind) {
      case 'constExpr':
        return { kind: 'literal', at, value: literal(at, value.constantKind) };
      case 'identExpr':
        return { kind: 'name', at, name: value.name };
      case 'selectExpr': {
        const from = this.node(value.operand);
        const field = this.#source.nameOf(value.field);
        return value.testOnly
          ? { kind: 'has', at, from, field }
          : { kind: 'select', at: this.#nameAt(at), from, field };
      }
      case 'callExpr':
        return this.#call(at, value);
      case 'listExpr':
        return { kind: 'list', at, items: value.elements.map((item) => this.node(item)) };
      case 'structExpr':
        if (value.messageName !== '') throw noMessages(at);
        return {
          kind: 'map',
          at,
          entries: value.entries.map((entry) => {
            if (entry.keyKind.case !== 'mapKey') throw noMessages(at);
            return [this.node(entry.keyKind.value), this.node(entry.value)];
          }),
        };
      case 'comprehensionExpr':
        return this.#macro(this.#nameAt(at), value);
      default:
        throw new CelProblem(at, 'the expression is not complete');
    }
  }

  #call(at: number, call: Call): Node {
    const { function: name } = call;
    const target = call.target ? this.node(call.target) : null;
    const args = call.args.map((arg) => this.node(arg));
    if (name === '_&&_') return { kind: 'and', at, members: flat('and', args) };
    if (name === '_||_') return { kind: 'or', at, members: flat('or', args) };
    const [condition, then, otherwise] = args;
    if (name === '_?_:_' && condition && then && otherwise)
      return { kind: 'if', at, condition, then, otherwise };
    const place = target ? this.#nameAt(at) : at;
    // The parser does not know this macro, and leaves it a call.
    if (name === 'sortBy' && target && condition?.kind === 'name' && then && !otherwise)
      return {
        kind: 'macro',
        at: place,
        macro: name,
        range: target,
        variable: condition.name,
        test: null,
        step: then,
      };
    return { kind: 'call', at: place, name, target, args };
  }

  /** Recovers a macro from the initial value and step that the parser expands it into. */
  #macro(at: number, fold: Comprehension): MacroNode {
    const [range, start, step] = [
      this.node(fold.iterRange),
      this.node(fold.accuInit),
      this.node(fold.loopStep),
    ];
    const of = (macro: Macro, test: Node | null, made: Node | null = null): MacroNode => ({
      kind: 'macro',
      at,
      macro,
      range,
      variable: fold.iterVar,
      test,
      step: made,
    });
    if (step.kind === 'and' || step.kind === 'or') {
      const tests = step.members.slice(1);
      const test = tests.length === 1 ? tests[0]! : { kind: step.kind, at: tests[0]!.at, members: tests };
      return of(step.kind === 'and' ? 'all' : 'exists', test);
    }
    if (start.kind === 'literal' && step.kind === 'if') return of('exists_one', step.condition);
    if (step.kind === 'call') return of('map', null, added(step));
    if (step.kind !== 'if') throw new CelProblem(at, 'the macro is not known');
    return of('map', step.condition, added(step.then));
  }

  /** The library points at the space before an operator. */
  #wordAt(at: number): number {
    space.lastIndex = at;
    return at + (space.exec(this.#source.plain)?.[0].length ?? 0);
  }

  /** The library points at the dot before a name. */
  #nameAt(at: number): number {
    return this.#source.plain[at] === '.' ? this.#wordAt(at + 1) : at;
  }
}

function flat(kind: 'and' | 'or', args: readonly Node[]): readonly Node[] {
  return args.flatMap((arg) => (arg.kind === kind ? arg.members : [arg]));
}

/** The x of `result + [x]`. */
function added(node: Node): Node | null {
  const list = node.kind === 'call' ? node.args[1] : undefined;
  return list?.kind === 'list' ? (list.items[0] ?? null) : null;
}

function literal(at: number, constant: { case: string | undefined; value?: unknown }): Literal {
  const { case: kind, value } = constant;
  if (kind === 'nullValue') return null;
  if (kind === 'int64Value' && !isInt64(value as bigint))
    throw new CelProblem(at, 'the number is too large for an int, which has 64 bits');
  if (kind !== 'uint64Value') return value as Literal;
  if (BigInt.asUintN(64, value as bigint) !== value)
    throw new CelProblem(at, 'the number is too large for a uint, which has 64 bits');
  return celUint(value);
}

export function isInt64(value: bigint): boolean {
  return BigInt.asIntN(64, value) === value;
}

function noMessages(at: number): CelProblem {
  return new CelProblem(at, 'messages cannot be built in a filter; a map is written {"key": value}');
}

/** The number of nodes in the tree, including its root. */
export function nodeCount(node: Node): number {
  return 1 + childrenOf(node).reduce((sum, child) => sum + nodeCount(child), 0);
}

export function childrenOf(node: Node): readonly Node[] {
  switch (node.kind) {
    case 'literal':
    case 'name':
      return [];
    case 'select':
    case 'has':
      return [node.from];
    case 'and':
    case 'or':
      return node.members;
    case 'if':
      return [node.condition, node.then, node.otherwise];
    case 'call':
      return node.target ? [node.target, ...node.args] : node.args;
    case 'list':
      return node.items;
    case 'map':
      return node.entries.flat();
    case 'macro':
      return [node.range, ...(node.test ? [node.test] : []), ...(node.step ? [node.step] : [])];
  }
}
