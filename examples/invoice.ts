// The work of the example: an order's items become the text of an invoice. Plain functions that know no gateway.

export interface Item {
  readonly name: string;
  readonly price: number;
  readonly count: number;
}

export interface Invoice {
  readonly text: string;
  readonly total: number;
}

/** The order could not be understood; its `code` goes into the job's error. */
export class BadOrder extends Error {
  readonly code = 'BAD_ORDER';
}

/** Whoever sends an event decides what is in its payload: it is checked before it is used. */
export function orderOf(payload: Readonly<Record<string, unknown>>): { readonly items: readonly Item[] } {
  const { items } = payload;
  if (!Array.isArray(items) || items.length === 0 || !items.every(isItem))
    throw new BadOrder('The order needs "items", a list of {"name": "…", "price": 1.5, "count": 1}.');
  return { items };
}

function isItem(value: unknown): value is Item {
  if (typeof value !== 'object' || value === null) return false;
  const { name, price, count } = value as Partial<Item>;
  return typeof name === 'string' && Number.isFinite(price) && Number.isInteger(count);
}

export function invoiceOf(items: readonly Item[]): Invoice {
  const sum = items.reduce((total, { price, count }) => total + Math.round(100 * price) * count, 0);
  const lines = items.map(({ name, price, count }) => line(`${count} × ${name}`, price * count));
  return { text: [...lines, line('Total', sum / 100)].join('\n'), total: sum / 100 };
}

function line(what: string, amount: number): string {
  return `${what.padEnd(30, '.')} ${amount.toFixed(2).padStart(10)}`;
}
