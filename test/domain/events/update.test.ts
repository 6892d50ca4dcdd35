// Updates: what changes, what stays, what only is broadcast, and what is refused.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from '../../../src/base/limits.ts';
import { type EventError, eventStatuses } from '../../../src/domain/events/event.ts';
import { UnsafeNumber } from '../../../src/domain/values/json.ts';
import { checkUpdate, type UpdateInput } from '../../../src/domain/events/update.ts';

const refusal = (code: string, message: string | RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

const id = '0195f000-0000-7000-8000-00000000abcd';
const check = (input: Omit<UpdateInput, 'id'>, by = 'worker') => checkUpdate({ id, ...input }, by);

const untouched = {
  id,
  status: null,
  description: null,
  summary: null,
  payload: null,
  retries: null,
  project: null,
  user: null,
  sender: null,
  result: null,
  error: null,
  by: 'worker',
  attempt: null,
  lenient: false,
};

/** Any one of the fields that are written to the event's row. */
const durableFields = {
  status: fc.constantFrom(...eventStatuses),
  summary: fc.constant({}),
  payload: fc.constant({ a: 1 }),
  retries: fc.nat(),
  project: fc.constant('p'),
  user: fc.constant('u'),
  sender: fc.constant('s'),
  result: fc.constantFrom(null, 0, '', false, [], {}),
  error: fc.constant({ message: '' }),
};

describe('an update', () => {
  test('leaves every field that is absent or null as it is, but for a result that is null', () => {
    expect(check({})).toEqual({ patch: untouched, progress: null, durable: false });
    const { result: _, ...nullable } = durableFields;
    const nulls = Object.fromEntries(
      [...Object.keys(nullable), 'progress', 'description'].map((key) => [key, null]),
    );
    expect(check(nulls)).toEqual({ patch: untouched, progress: null, durable: false });
    expect(check({ result: null })).toEqual({
      patch: { ...untouched, result: 'null' },
      progress: null,
      durable: true,
    });
    expect(check({ result: undefined }).durable).toBe(false);
  });

  test('brings each field that is given, JSON as text', () => {
    const error = { message: 'm', code: 'c', stack: 's' };
    const plain = {
      status: 'FAILED',
      description: 'd',
      retries: 2,
      project: 'p',
      user: 'u',
      sender: 's',
    } as const;
    const json = { summary: { s: 1 }, payload: { p: 2 }, result: [3] };
    expect(check({ ...plain, ...json, error, attempt: 3 }).patch).toEqual({
      ...plain,
      id,
      summary: '{"s":1}',
      payload: '{"p":2}',
      result: '[3]',
      error: '{"message":"m","code":"c","stack":"s"}',
      by: 'worker',
      attempt: 3,
      lenient: false,
    });
  });

  test('knows its event however the id is written', () => {
    expect(checkUpdate({ id: id.toUpperCase().replaceAll('-', '') }, 'worker').patch.id).toBe(id);
    expect(() => checkUpdate({ id: 'x' }, 'worker')).toThrow(refusal('BAD_USER_INPUT', /^id "x" is not/));
  });

  test('is by the caller, whatever sender it names', () => {
    expect(check({ status: 'FAILED' }, 'somebody').patch.by).toBe('somebody');
    expect(check({ sender: 'me' }, 'somebody').patch.by).toBe('somebody');
  });

  test('touches the row if and only if anything else than progress, and a description of it, is given', () => {
    const broadcast = { progress: fc.integer({ min: 0, max: 100 }), description: fc.constantFrom('', 'd') };
    const nothing = fc.constant({});
    const written = fc.record(durableFields, { requiredKeys: [] });
    const input = fc
      .tuple(fc.record(broadcast, { requiredKeys: [] }), fc.oneof(nothing, written))
      .map(([some, others]): Omit<UpdateInput, 'id'> => ({ ...some, ...others }));
    fc.assert(
      fc.property(input, (given) => {
        const written = Object.keys(durableFields).some((field) => field in given);
        const { durable, progress, patch } = check(given);
        expect(durable).toBe(written || ('description' in given && !('progress' in given)));
        expect(progress).toBe(given.progress ?? null);
        expect(patch.description).toBe(given.description ?? null);
      }),
      { numRuns: 300 },
    );
  });
});

describe('an update is refused', () => {
  test.each([-1, 100.5, Number.NaN, Number.POSITIVE_INFINITY])('with a progress of %s', (progress) => {
    expect(() => check({ progress })).toThrow(
      refusal('BAD_USER_INPUT', `^progress is ${progress}; 0 to 100 is allowed`),
    );
  });

  test.each([-1, 0.5, Number.NaN])('with %s retries', (retries) => {
    expect(() => check({ retries })).toThrow(
      refusal('BAD_USER_INPUT', `^retries is ${retries}; 0 or more is allowed`),
    );
  });

  test.each(['summary', 'payload'] as const)('with a %s that is no object or cannot be kept', (field) => {
    expect(() => check({ [field]: [] })).toThrow(
      refusal('BAD_USER_INPUT', `^${field} must be a JSON object`),
    );
    expect(() => check({ [field]: { a: '\ud800' } })).toThrow(
      refusal('BAD_USER_INPUT', `^${field}\\.a contains`),
    );
  });

  test('with a result that cannot be kept; it may be any JSON value otherwise', () => {
    expect(() => check({ result: new UnsafeNumber('1e400') })).toThrow(
      refusal('BAD_USER_INPUT', /^result is the number 1e400/),
    );
    expect(() => check({ result: ['\u0000'] })).toThrow(refusal('BAD_USER_INPUT', /^result\[0\] contains/));
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'grapheme-ascii' }), (result) => {
        expect(check({ result }).patch.result).toBe(JSON.stringify(result));
      }),
    );
  });

  test.each(['project', 'user', 'sender'] as const)('with an empty or overlong %s', (field) => {
    for (const name of ['', 'x'.repeat(limits.nameLength + 1)]) {
      expect(() => check({ [field]: name })).toThrow(
        refusal('BAD_USER_INPUT', `^${field} has ${name.length} characters`),
      );
    }
  });

  test('with a description that is too long or not text, naming it', () => {
    const long = 'x'.repeat(limits.descriptionLength + 1);
    expect(() => check({ description: long })).toThrow(refusal('BAD_USER_INPUT', /^description has 10001/));
    expect(() => check({ status: 'FINISHED', description: '\0' })).toThrow(
      refusal('BAD_USER_INPUT', /^description contains/),
    );
  });

  test('with a payload that is not text, also where a failure is reported', () => {
    expect(() => check({ error: { message: 'm' }, payload: { text: '\0' } })).toThrow(
      refusal('BAD_USER_INPUT', /^payload\.text contains/),
    );
  });
});

describe('A report of a failure is taken', () => {
  const errorOf = (error: UpdateInput['error']) =>
    JSON.parse(check({ status: 'FAILED', error }).patch.error!) as EventError;

  test('whatever its texts hold', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('\0', '\ud83d', '\ude00', 'a', '\u{1F600}')), (parts) => {
        const text = parts.join('');
        const error = errorOf({ message: text, code: text, stack: text });
        const { description } = check({ status: 'FAILED', description: text }).patch;
        for (const taken of [error.message, error.code, error.stack, description]) {
          expect(taken).toHaveLength(text.length);
          expect(taken!.isWellFormed() && !taken!.includes('\0')).toBe(true);
          for (const [n, unit] of text.split('').entries())
            expect(taken![n] === unit || taken![n] === '\ufffd').toBe(true);
        }
      }),
    );
  });

  test('however long its texts are: they are cut, say so, and keep surrogate pairs whole', () => {
    for (const [length, given] of [
      [limits.descriptionLength, (message: string) => errorOf({ message }).message],
      [limits.descriptionLength, (code: string) => errorOf({ message: 'm', code }).code],
      [limits.stackLength, (stack: string) => errorOf({ message: 'm', stack }).stack],
      [
        limits.descriptionLength,
        (description: string) => check({ status: 'ABORTED', description }).patch.description,
      ],
    ] as const) {
      for (const whole of ['x'.repeat(length), '\u{1F600}'.repeat(length)]) expect(given(whole)).toBe(whole);
      for (const text of [
        'x'.repeat(length + 1),
        '\u{1F600}'.repeat(length + 1),
        `x${'\u{1F600}'.repeat(length)}`,
      ]) {
        const taken = given(text)!;
        expect([...taken].length).toBeLessThanOrEqual(length);
        expect(taken).toMatch(new RegExp(`\\[cut: it had ${[...text].length} characters\\]$`));
        expect(text.startsWith(taken.slice(0, taken.indexOf(' …')))).toBe(true);
        expect(taken).not.toContain('\ufffd');
      }
    }
  });
});
