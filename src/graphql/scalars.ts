// The three scalars: DateTime, JSON and Position, and what their inputs accept.
import { GraphQLError, Kind, print, type ValueNode } from 'graphql';
import { asError } from '../base/errors.ts';
import { parseDateTime } from '../domain/date-time.ts';
import type { Position } from '../domain/event.ts';
import { UnsafeNumber } from '../domain/json.ts';
import { checkPosition } from '../domain/page.ts';
import { builder } from './builder.ts';
import { literalToJson } from './json-literal.ts';

builder.scalarType('DateTime', {
  description:
    'A moment, as RFC 3339 text with seconds and an offset, such as "2025-03-01T09:30:00Z" or "2025-03-01T10:30:00.250+01:00", in the years 1 to 9999. Text without an offset, a date alone and a day that no calendar has are refused with BAD_USER_INPUT. Digits past milliseconds are dropped. Printed in UTC with milliseconds: "2025-03-01T09:30:00.000Z".',
  serialize: (value) => toDate(value).toISOString(),
  parseValue: (value) => refusing(() => dateTimeOf(value)),
  parseLiteral: (node) =>
    refusing(() => dateTimeOf(node.kind === Kind.STRING ? node.value : new Literal(node)), node),
});

builder.scalarType('JSON', {
  description:
    'Any JSON value, as a variable or written in the document, where it may hold variables. A number that a double-precision number would change, such as 12345678901234567890, is refused with BAD_USER_INPUT by what it is given to, never rounded: send it as a string.',
  serialize: (value) => value,
  parseValue: (value) => value,
  parseLiteral: (node, variables) => literalToJson(node, variables ?? undefined),
});

builder.scalarType('Position', {
  description:
    'A place in the log, as the decimal text of a 64-bit number from 0. Positions follow the order in which changes were committed and have gaps. An input may also be a whole number.',
  serialize: (value) => String(value as Position),
  parseValue: (value) => refusing(() => positionOf(value)),
  parseLiteral: (node) =>
    refusing(
      () => positionOf(node.kind === Kind.STRING || node.kind === Kind.INT ? node.value : new Literal(node)),
      node,
    ),
});

/** A literal of a kind that the scalar does not take, for the message. */
class Literal {
  readonly node: ValueNode;

  constructor(node: ValueNode) {
    this.node = node;
  }

  toString(): string {
    return print(this.node);
  }
}

function toDate(value: unknown): Date {
  return value instanceof Date ? value : new Date(String(value));
}

function dateTimeOf(value: unknown): Date {
  if (typeof value !== 'string') throw new Error(`DateTime must be a string, not ${shown(value)}.`);
  return parseDateTime(value);
}

function positionOf(value: unknown): string {
  const text =
    value instanceof UnsafeNumber ? value.text : Number.isSafeInteger(value) ? String(value) : value;
  if (typeof text !== 'string') throw new Error(`Position must be a decimal string, not ${shown(value)}.`);
  return String(checkPosition(text, 'Position'));
}

function shown(value: unknown): string {
  const text =
    value instanceof Literal
      ? String(value)
      : value instanceof UnsafeNumber
        ? value.text
        : JSON.stringify(value);
  return (text ?? 'undefined').slice(0, 60);
}

/** Runs a parse; what it throws becomes BAD_USER_INPUT, at the literal's place where there is one. */
function refusing<T>(parse: () => T, node?: ValueNode): T {
  try {
    return parse();
  } catch (thrown) {
    const extensions = { code: 'BAD_USER_INPUT' };
    throw new GraphQLError(asError(thrown).message, node ? { nodes: node, extensions } : { extensions });
  }
}
