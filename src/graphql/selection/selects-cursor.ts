// Refuses a page that was cut by size if the document does not select a cursor.
import { type GraphQLResolveInfo, Kind, type SelectionSetNode } from 'graphql';
import { ThroughlineError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { Page } from '../../domain/events/page.ts';

/** Without a cursor, the client could not distinguish a cut page from the end of the list. */
export function refuseUnseenEnd<Row>(page: Page<Row>, info: GraphQLResolveInfo): Page<Row> {
  if (!page.isCut || canGoOn(info)) return page;
  throw new ThroughlineError(
    'LIMIT_EXCEEDED',
    `The page has more than ${limits.pageBytes} bytes of JSON in the selected fields. Request fewer events, or select pageInfo { hasNextPage endCursor }: the page then ends early and can be continued.`,
  );
}

/** Whether the document selects where a page ends. */
export function canGoOn(info: GraphQLResolveInfo): boolean {
  return info.fieldNodes.some(({ selectionSet }) => selectsCursor(selectionSet, info));
}

/** Whether `pageInfo` or `cursor` is selected, also in fragments, ignoring @skip and @include. */
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
