// Reads JSON as GraphQL reads a SendEventInput, for events that do not arrive through GraphQL.
import { coerceInputValue, type GraphQLInputType } from 'graphql';
import { badInput } from '../../base/errors.ts';
import type { SendInput } from '../../domain/events/send.ts';
import { schema } from '../schema.ts';

const type = schema.getType('SendEventInput') as GraphQLInputType;

/** With the same names, types and defaults. Throws BAD_USER_INPUT for the first fault. */
export function readSendInput(value: unknown): SendInput {
  // A list would be read as its fields, and null as absent.
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw badInput('The event is not a JSON object; give one with the fields of SendEventInput.');
  return coerceInputValue(value, type, (path, _value, error) => {
    const place = path.length === 0 ? '' : `${path.join('.')}: `;
    throw badInput(`${place}${error.message}`);
  }) as SendInput;
}
