// Phrases that several descriptions of the schema share.
import { limits } from '../base/limits.ts';

/** A number with thousands separators: 1,000. */
export function amount(value: number): string {
  return value.toLocaleString('en-US');
}

export const nameLimit = `1 to ${amount(limits.nameLength)} characters.`;
export const chainIdLimit = `${nameLimit.slice(0, -1)}, and at most ${amount(limits.chainIdBytes)} bytes as UTF-8.`;
export const descriptionLimit = `At most ${amount(limits.descriptionLength)} characters.`;
export const jsonSize = `At most ${amount(limits.jsonBytes)} bytes as JSON text and ${limits.jsonDepth} levels.`;
export const jsonLimit = `${jsonSize} Otherwise: LIMIT_EXCEEDED.`;
export const listLimit = `At most ${amount(limits.batchItems)} items; otherwise LIMIT_EXCEEDED.`;
export const patternText = 'topic patterns, where * matches any number of characters, dots included';

/** The pagination arguments of Relay; `firstOnly` is `first` of lists that are only paged forwards. */
export const pageArgument = {
  first: `Number of items from the start of the list, 0 to ${amount(limits.pageSize)}. Default: ${limits.defaultPageSize}, unless \`last\` is given.`,
  firstOnly: `Number of items, 0 to ${amount(limits.pageSize)}. Default: ${limits.defaultPageSize}.`,
  after: 'Only items after this cursor of the same list. An invalid cursor: BAD_USER_INPUT.',
  last: `Number of items from the end of the list, 0 to ${amount(limits.pageSize)}; the order stays the same. Cannot be combined with \`first\`.`,
  before: 'Only items before this cursor of the same list. An invalid cursor: BAD_USER_INPUT.',
} as const;

export const totalCount = `Number of items on all pages. Counting stops at ${amount(limits.countCap)}. Computed only if selected.`;
export const totalIsExact = `Whether \`totalCount\` is exact. False if counting stopped at ${amount(limits.countCap)} or at the scan limit.`;

/** Sanitizing rules for the texts of a failure, which are never refused. */
export function failureLimit(length: number): string {
  return `NUL and unpaired surrogates become U+FFFD; text beyond ${amount(length)} characters is truncated and marked as such.`;
}
