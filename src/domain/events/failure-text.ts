// Texts that describe failures. They are sanitised instead of refused, since refusing one would lose the failure.
import { limits } from '../../base/limits.ts';
import { firstCharacters, isLongerThan, lengthOf } from '../../base/text-length.ts';
import type { EventError } from './event.ts';

const replacement = '\ufffd';

/**
 * Replaces what cannot be stored (NUL, lone surrogates) with U+FFFD, and cuts the text to `length` characters with a
 * notice at its end.
 */
export function failureText(text: string, length: number): string {
  if (!isLongerThan(text, length)) return storable(text);
  const notice = ` … [cut: it had ${lengthOf(text)} characters]`;
  return `${storable(firstCharacters(text, length - notice.length))}${notice}`;
}

/** The error of an event, as stored. */
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
