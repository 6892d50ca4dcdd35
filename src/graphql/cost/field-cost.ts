// The kinds of cost that a field of the schema can have, in rows that it may read.

/** The arguments of a field that its cost depends on, before they are checked. */
export interface SizeArguments {
  /** Undefined where it is omitted, null or no number. */
  number(name: string): number | undefined;
  /** The number of items; 0 where it is omitted or null. */
  length(name: string): number;
}

/** A number of items: fixed, or as the arguments say. */
export type Size = number | ((args: SizeArguments) => number);

export type FieldCost =
  /** Reads so many rows; what is selected of its value is counted once. */
  | { readonly kind: 'rows'; readonly rows: number }
  /** A list: reads `rows` rows for each item, for each of which the selection is counted. */
  | { readonly kind: 'list'; readonly size: Size; readonly rows: number }
  /** An object with lists of the same items, of the kind `items`. Reads `rows` rows for each item. */
  | { readonly kind: 'page'; readonly size: Size; readonly rows: number }
  /** The items of the page that it belongs to: reads nothing more itself. */
  | { readonly kind: 'items' }
  /** A count of the page's whole list; several fields of one object share it. */
  | { readonly kind: 'count'; readonly rows: number };

export function rows(count: number): FieldCost {
  return { kind: 'rows', rows: count };
}

export function list(size: Size, rowsEach = 1): FieldCost {
  return { kind: 'list', size, rows: rowsEach };
}

export function page(size: Size, rowsEach = 1): FieldCost {
  return { kind: 'page', size, rows: rowsEach };
}

export const items: FieldCost = { kind: 'items' };

export function count(worth: number): FieldCost {
  return { kind: 'count', rows: worth };
}
