// Texts that tell of a failure: taken whatever they hold, since refusing them would lose the failure they tell of.
import { limits } from '../base/limits.ts';
import { firstCharacters, isLongerThan, lengthOf } from '../base/text-length.ts';
import type { EventError } from './event.ts';

const replacement = '\ufffd';

/**
 * The text with U+FFFD in place of what can not be stored (NUL, halves of surrogate pairs), and cut to `length` characters,
 * which it then says at its end.
 */
export function failureText(text: string, length: number): string {
  if (!isLongerThan(text, length)) return storable(text);
  const notice = ` … [cut: it had ${lengthOf(text)} characters]`;
  return `${storable(firstCharacters(text, length - notice.length))}${notice}`;
}

/** Why an event failed, as it is stored. */
export function failureOf(given: {
  readonly message: string;
  readonly code?: string | null | undefined;
  readonly stack?: string | null | undefined;
}): EventError {
  const { message, code = null, stack = null } = given;
  return {
    message: failureText(message, limits.descriptionLength),
    code: code === null ? null : failureText(code, limits.descriptionLength),
    stack: stack === null ? null : failureText(stack, limits.stackLength),
  };
}

function storable(text: string): string {
  return text.replaceAll('\0', replacement).toWellFormed();
}
