// The custom scalars DateTime, JSON and Position, with their parsing and serialization.
import { GraphQLError, Kind, print, type ValueNode } from 'graphql';
import { asError, withoutTrace } from '../base/errors.ts';
import { parseDateTime } from '../domain/values/date-time.ts';
import type { Position } from '../domain/events/event.ts';
import { UnsafeNumber } from '../domain/values/json.ts';
import { checkPosition } from '../domain/events/page.ts';
import { builder } from './builder.ts';
import { literalToJson } from './json-literal.ts';

builder.scalarType('DateTime', {
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc3339',
  description:
    'An RFC 3339 timestamp with seconds and an offset, such as "2025-03-01T10:30:00.250+01:00"; years 1 to 9999. Output is in UTC with milliseconds: "2025-03-01T09:30:00.250Z". Input digits beyond milliseconds are dropped. A missing time or offset, or an invalid date: BAD_USER_INPUT.',
  serialize: (value) => toDate(value).toISOString(),
  parseValue: (value) => refusing(() => dateTimeOf(value)),
  parseLiteral: (node) =>
    refusing(() => dateTimeOf(node.kind === Kind.STRING ? node.value : new Literal(node)), node),
});

builder.scalarType('JSON', {
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc8259',
  description:
    'Any JSON value, as a variable or as a literal, which may contain variables. Numbers that would lose precision as a double, such as 12345678901234567890, are refused with BAD_USER_INPUT; send them as strings.',
  serialize: (value) => value,
  parseValue: (value) => value,
  parseLiteral: (node, variables) => literalToJson(node, variables ?? undefined),
});

builder.scalarType('Position', {
  description:
    'A position in the log: a 64-bit integer as a decimal string, "0" or greater. Positions increase in commit order and have gaps. Inputs may also be integers.',
  serialize: (value) => String(value as Position),
  parseValue: (value) => refusing(() => positionOf(value)),
  parseLiteral: (node) =>
    refusing(
      () => positionOf(node.kind === Kind.STRING || node.kind === Kind.INT ? node.value : new Literal(node)),
      node,
    ),
});

/** A literal of a kind that the scalar does not accept, for the error message. */
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

/** Turns errors of `parse` into BAD_USER_INPUT, with the location of the literal if there is one. */
function refusing<T>(parse: () => T, node?: ValueNode): T {
  try {
    return parse();
  } catch (thrown) {
    const extensions = { code: 'BAD_USER_INPUT' };
    const options = node ? { nodes: node, extensions } : { extensions };
    throw withoutTrace(() => new GraphQLError(asError(thrown).message, options));
  }
}
