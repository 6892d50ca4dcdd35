// Validation of whole numbers within bounds.
import { badInput } from '../../base/errors.ts';

/** Returns the value. Throws BAD_USER_INPUT with the argument's name and its bounds. */
export function checkWithin(argument: string, value: number, lowest: number, highest: number): number {
  if (Number.isInteger(value) && value >= lowest && value <= highest) return value;
  throw badInput(`${argument} is ${value}; ${lowest} to ${highest} is allowed.`);
}
