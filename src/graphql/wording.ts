// Numbers and sentences that several descriptions of the schema share, so that they are said in one way.
import { limits } from '../base/limits.ts';

/** A limit as the descriptions print it: 1,000. */
export function amount(value: number): string {
  return value.toLocaleString('en-US');
}

export const nameLimit = `1 to ${amount(limits.nameLength)} characters.`;
export const descriptionLimit = `At most ${amount(limits.descriptionLength)} characters.`;
export const jsonSize = `At most ${amount(limits.jsonBytes)} bytes as JSON text and ${limits.jsonDepth} levels deep.`;
export const jsonLimit = `${jsonSize} More is refused with LIMIT_EXCEEDED.`;
export const listLimit = `At most ${amount(limits.batchItems)} items, otherwise LIMIT_EXCEEDED.`;
export const patternText = 'topic patterns, in which * stands for any run of characters, dots included';

/** Of Relay's four arguments. */
export const pageArgument = {
  first: `How many to return from the start: 0 to ${amount(limits.pageSize)}, ${limits.defaultPageSize} unless \`first\` or \`last\` is given.`,
  after:
    'Only what follows this cursor, which must come from the same list; any other text is refused with BAD_USER_INPUT.',
  last: `How many to return from the end, still in the list's order: 0 to ${amount(limits.pageSize)}. Not together with \`first\`.`,
  before:
    'Only what precedes this cursor, which must come from the same list; any other text is refused with BAD_USER_INPUT.',
} as const;

export const totalCount = `How many there are on all pages together. Counting stops at ${amount(limits.countCeiling)}. Counted only where it is asked for.`;
export const totalIsExact = `Whether \`totalCount\` is the true number; false where counting stopped at ${amount(limits.countCeiling)} or a search that no index serves ended early.`;

/** Of texts that tell of a failure. */
export function failureLimit(length: number): string {
  return `NUL and halves of surrogate pairs become U+FFFD; what is longer than ${amount(length)} characters is cut, and says so.`;
}
