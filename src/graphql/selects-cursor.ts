// Whether the selection below a connection would notice that its page ended early.
import { type GraphQLResolveInfo, Kind, type SelectionSetNode } from 'graphql';
import { ThroughlineError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Page } from '../domain/page.ts';

/** A page that ended early since it was too large, for a document that does not ask for a cursor, would pass for all there is. */
export function refuseUnseenEnd<Row>(page: Page<Row>, info: GraphQLResolveInfo): Page<Row> {
  if (!page.isCut || info.fieldNodes.some(({ selectionSet }) => selectsCursor(selectionSet, info)))
    return page;
  throw new ThroughlineError(
    'LIMIT_EXCEEDED',
    `The page has more than ${limits.pageBytes} bytes of JSON in the fields asked for: ask for fewer, or select pageInfo { hasNextPage endCursor } and go on from there, since it then ends early.`,
  );
}

/** `pageInfo`, or `cursor` of the edges, also in fragments; whatever they skip counts as selected. */
function selectsCursor(selections: SelectionSetNode | undefined, info: GraphQLResolveInfo): boolean {
  return (selections?.selections ?? []).some((selection) => {
    if (selection.kind === Kind.INLINE_FRAGMENT) return selectsCursor(selection.selectionSet, info);
    if (selection.kind === Kind.FRAGMENT_SPREAD)
      return selectsCursor(info.fragments[selection.name.value]?.selectionSet, info);
    const name = selection.name.value;
    return (
      name === 'pageInfo' ||
      name === 'cursor' ||
      (name === 'edges' && selectsCursor(selection.selectionSet, info))
    );
  });
}
