// The language of the search box.
import { describe, expect, test } from 'vitest';
import { celProblems } from '../../src/console/base/editor/problems.ts';
import { rangeAt } from '../../src/console/base/json/json-ranges.ts';
import { parseSearch } from '../../src/console/views/events/search-query.ts';
import { failureReason } from '../../src/console/views/filter/failure-reason.ts';

const now = Date.parse('2026-03-01T12:00:00Z');
const parse = (text: string) => {
  const { filter, where, problems } = parseSearch(text, now);
  return { filter, where, problems: problems.map(({ message }) => message) };
};

describe('A search', () => {
  test('has tokens, several values of one, and words', () => {
    expect(parse('topic:order.*,mail.* status:failed "no mailbox" user:"Ada Lovelace" since:1h')).toEqual({
      filter: {
        topics: ['order.*', 'mail.*'],
        statuses: ['FAILED'],
        users: ['Ada Lovelace'],
        createdAfter: '2026-03-01T11:00:00.000Z',
        text: 'no mailbox',
      },
      where: null,
      problems: [],
    });
  });

  test('selects by hash and type, and by what an event is', () => {
    expect(parse('hash:a,b type:events.WorkflowType is:exhausted').filter).toEqual({
      exhausted: true,
      conditions: {
        conditions: [
          { key: 'hash', comparison: 'IN', value: ['a', 'b'] },
          { key: 'eventType', comparison: 'IN', value: ['events.WorkflowType'] },
        ],
      },
    });
  });

  test('takes what has an operator, a call or a path for an expression, at its place in the text', () => {
    for (const text of [
      'data.total > 100',
      'topic.startsWith("a")',
      'status == "FAILED"',
      'has(data.a)',
      'data.vip',
    ])
      expect(parseSearch(text).where).toBe(text);
    const { where, whereOffset, filter } = parseSearch('topic:a data.total > 1 status:failed');
    expect(filter).toEqual({ topics: ['a'], statuses: ['FAILED'] });
    expect(where).toBe('        data.total > 1              ');
    const [problem] = celProblems(
      where!,
      { valid: false, message: 'wrong', line: 1, column: 9 },
      whereOffset,
    );
    expect(problem).toMatchObject({ from: 8, to: 12 });
  });

  test('has words beside an expression that where: begins', () => {
    const { filter, where, whereOffset } = parseSearch('mailbox where: data.a == "topic:x"');
    expect(filter).toEqual({ text: 'mailbox' });
    expect(where).toBe(' data.a == "topic:x"');
    expect(whereOffset).toBe('mailbox where:'.length);
  });

  test('refuses values that no event can have, and names near to a field; an address is a word', () => {
    expect(parse('status:broken').problems).toEqual([
      'There is no status broken: pending, in_progress, finished, failed, aborted, restarted.',
    ]);
    expect(parse('since:yesterday').problems).toHaveLength(1);
    expect(parse('id:17').problems).toEqual(['An id is a UUID.']);
    expect(parse('is:late').problems).toHaveLength(1);
    expect(parse('topic:').problems).toEqual(['Give a value, such as topic:order.*.']);
    expect(parse('porject:shop').problems).toEqual(['There is no field porject.']);
    expect(parse('http://host/a')).toEqual({ filter: { text: 'http://host/a' }, where: null, problems: [] });
  });
});

test('A value is found in a JSON text by its path', () => {
  const text = '{"a": {"x,": [1, {"b": "}"}]}, "c": true}';
  const at = (...path: string[]) => {
    const range = rangeAt(text, path);
    return range && text.slice(range.from, range.to);
  };
  expect(at('a', 'x,', '1', 'b')).toBe('"}"');
  expect(at('a', 'x,', '0')).toBe('1');
  expect(at('c')).toBe('true');
  expect(at('a', 'missing')).toBe(null);
  expect(rangeAt('{"a": ', ['b'])).toBe(null);
});

test('An expression fails for a path that is missing, or a type', () => {
  const values = { payload: { total: 'much', 'a-b': 1 }, summary: {}, user: null };
  expect(failureReason('data.order.id == 1', values)).toBe('data.order is not there');
  expect(failureReason('data.total > 1', values)).toBe('a type does not fit: data.total is text');
  expect(failureReason('data["a-b"] == 1 && summary.x', values)).toBe('summary.x is not there');
  expect(failureReason('user.startsWith("a")', values)).toBe('a type does not fit: user is null');
});
