// Events for filters to be tested against.
import type { CelSubject } from '../../../src/domain/cel/subject.ts';
import { checkCel, type CelFilter } from '../../../src/domain/cel/filter.ts';
import type { JsonObject } from '../../../src/domain/values/json.ts';

export const issue: CelSubject = {
  eventType: 'issue_created',
  topic: 'tracker',
  project: null,
  user: 'ada',
  sender: null,
  status: 'FINISHED',
  requestId: 'r1',
  createdAt: new Date('2025-03-01T09:30:00.000Z'),
  summary: { count: 5 },
  payload: {
    method: 'GET',
    url: { path: '/webhooks/x/meow' },
    collection_value: [1, 2, 3],
    string_value: 'long enough to count',
    list_value: [{ bar: 'bar value of first element in foo list' }],
    dictionary_value: { key: 'other' },
    n: 5,
    half: 0.5,
    big: 1e21,
    nothing: null,
    yes: true,
    no: false,
    'a-b': { c: 1 },
    list: [1, 2, 2.5, 'x', null, true],
    items: [{ size: 1 }, { size: 2 }, { size: 3 }],
  },
};

export function withPayload(payload: JsonObject): CelSubject {
  return { ...issue, payload };
}

export function cel(text: string): CelFilter {
  const filter = checkCel(text);
  if (!filter) throw new Error(`${text} is no filter`);
  return filter;
}

/** How a filter is refused, or null. */
export function refusalOf(text: string, argument?: string) {
  try {
    checkCel(text, argument);
  } catch (error) {
    return error as { code: string; message: string; details: Record<string, unknown> };
  }
  return null;
}
