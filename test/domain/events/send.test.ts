// Sending: the draft that an input describes, and every input that is refused.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from '../../../src/base/limits.ts';
import { UnsafeNumber } from '../../../src/domain/values/json.ts';
import { checkDescription, checkId, draftEvent, optionalName } from '../../../src/domain/events/send.ts';

const refusal = (code: string, message: string | RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

const id = '0195f000-0000-7000-8000-00000000abcd';
const names = [
  'sender',
  'senderType',
  'eventType',
  'hash',
  'project',
  'user',
  'requestId',
  'nodeId',
] as const;

describe('a send', () => {
  test('needs no more than a topic, and is a finished, stored event with defaults', () => {
    const draft = {
      topic: 'a.b',
      sender: null,
      senderType: null,
      eventType: 'events.NormalType',
      hash: null,
      onDuplicate: 'RETURN',
      project: null,
      user: null,
      requestId: null,
      nodeId: null,
      dependsOnId: null,
      description: '',
      summary: '{}',
      payload: '{}',
      status: 'FINISHED',
      store: true,
      sendAt: null,
      priority: 0,
    };
    expect(draftEvent({ topic: 'a.b' })).toEqual(draft);
    const nulls = Object.fromEntries(
      [
        ...names,
        'onDuplicate',
        'dependsOn',
        'description',
        'summary',
        'payload',
        'kwargs',
        'finished',
        'store',
        'priority',
      ].map((key) => [key, null]),
    );
    expect(draftEvent({ topic: 'a.b', ...nulls })).toEqual(draft);
  });

  test('keeps each field that is given', () => {
    const given = Object.fromEntries(names.map((field) => [field, `my ${field}`]));
    const input = {
      ...given,
      topic: 'a',
      dependsOn: id.toUpperCase(),
      description: 'd',
      summary: { s: 1 },
      payload: { p: [2] },
      onDuplicate: 'REPLACE',
      priority: -3,
    } as const;
    expect(draftEvent(input)).toEqual({
      ...given,
      topic: 'a',
      dependsOnId: id,
      description: 'd',
      summary: '{"s":1}',
      payload: '{"p":[2]}',
      onDuplicate: 'REPLACE',
      status: 'FINISHED',
      store: true,
      sendAt: null,
      priority: -3,
    });
  });

  test('is pending where it is said not to be finished', () => {
    expect(draftEvent({ topic: 'a', finished: false }).status).toBe('PENDING');
    expect(draftEvent({ topic: 'a', finished: true }).status).toBe('FINISHED');
  });

  test('without a topic takes the sender’s name for it, which then has to be a topic', () => {
    expect(draftEvent({ sender: 'ayon.server' })).toMatchObject({
      topic: 'ayon.server',
      sender: 'ayon.server',
    });
    expect(draftEvent({ topic: 'a', sender: 'no topic at all' })).toMatchObject({
      topic: 'a',
      sender: 'no topic at all',
    });
    expect(() => draftEvent({ sender: 'no topic' })).toThrow(
      refusal('BAD_USER_INPUT', /^sender \(as topic\) "no topic"/),
    );
    expect(() => draftEvent({})).toThrow(refusal('BAD_USER_INPUT', /^Give a topic, or a sender/));
    expect(() => draftEvent({ topic: 'a*' })).toThrow(
      refusal('BAD_USER_INPUT', /^topic "a\*" is not a topic/),
    );
  });

  test('that is not stored has no hash', () => {
    expect(draftEvent({ topic: 'a', store: false }).store).toBe(false);
    expect(() => draftEvent({ topic: 'a', store: false, hash: 'h' })).toThrow(
      refusal('BAD_USER_INPUT', /^hash has no meaning/),
    );
  });

  test('takes kwargs for payload, under its own name, and not both', () => {
    expect(draftEvent({ topic: 'a', kwargs: { a: 1 } }).payload).toBe('{"a":1}');
    expect(() => draftEvent({ topic: 'a', kwargs: {}, payload: {} })).toThrow(
      refusal('BAD_USER_INPUT', /^payload and kwargs/),
    );
    expect(() => draftEvent({ topic: 'a', kwargs: { a: '\u0000' } })).toThrow(
      refusal('BAD_USER_INPUT', /^kwargs\.a contains/),
    );
  });

  test.each(['summary', 'payload', 'kwargs'] as const)(
    'is refused where %s is no object, too large, too deep or holds what cannot be kept',
    (field) => {
      const sending = (value: unknown) => () => draftEvent({ topic: 'a', [field]: value });
      for (const value of [[], 'text', 0, false])
        expect(sending(value)).toThrow(refusal('BAD_USER_INPUT', `^${field} must be a JSON object`));
      expect(sending({ a: [new UnsafeNumber('1e400')] })).toThrow(
        refusal('BAD_USER_INPUT', `^${field}\\.a\\[0\\] is the number 1e400`),
      );
      expect(sending({ a: 'x'.repeat(limits.jsonBytes) })).toThrow(
        refusal('LIMIT_EXCEEDED', `^${field} is \\d+ bytes`),
      );
      expect(sending(JSON.parse(`${'{"a":'.repeat(101)}1${'}'.repeat(101)}`))).toThrow(
        refusal('LIMIT_EXCEEDED', `^${field} is nested`),
      );
    },
  );

  test.each(names)('is refused where %s is empty, too long or not text', (field) => {
    const sending = (value: string) => () => draftEvent({ topic: 'a', [field]: value });
    expect(draftEvent({ topic: 'a', [field]: 'x'.repeat(limits.nameLength) })).toMatchObject({
      [field]: 'x'.repeat(limits.nameLength),
    });
    expect(sending('')).toThrow(
      refusal('BAD_USER_INPUT', `^${field} has 0 characters; 1 to ${limits.nameLength}`),
    );
    // What is indexed together is bounded in bytes besides.
    const wide = field === 'requestId' || field === 'nodeId' ? 'é' : '💡';
    expect(sending(wide.repeat(limits.nameLength))).not.toThrow();
    expect(sending('💡'.repeat(limits.nameLength + 1))).toThrow(
      refusal('BAD_USER_INPUT', `^${field} has ${limits.nameLength + 1} characters`),
    );
    expect(sending('x'.repeat(limits.nameLength + 1))).toThrow(
      refusal('BAD_USER_INPUT', `^${field} has ${limits.nameLength + 1} characters`),
    );
    expect(sending('a\u0000')).toThrow(refusal('BAD_USER_INPUT', `^${field} contains the NUL`));
    expect(sending('a\ud800')).toThrow(refusal('BAD_USER_INPUT', `^${field} contains a lone surrogate`));
  });

  test('is refused for one of the fields that are at fault, and for nothing else', () => {
    const bad = ['', 'a\u0000', '\ud800', 'x'.repeat(limits.nameLength + 1)];
    const name = fc.oneof(
      { weight: 9, arbitrary: fc.stringMatching(/^[\w é😀.-]{1,5}$/u) },
      fc.constantFrom(...bad),
    );
    const fields = fc.record(Object.fromEntries(names.map((field) => [field, name])), { requiredKeys: [] });
    const payload = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 1 }));
    fc.assert(
      fc.property(fields, payload, (given, content) => {
        const atFault = Object.keys(given).filter((field) => bad.includes(given[field] ?? ''));
        const sending = () => draftEvent({ topic: 'a', ...given, payload: content });
        if (atFault.length > 0)
          expect(sending).toThrow(refusal('BAD_USER_INPUT', `^(${atFault.join('|')}) `));
        else expect(sending()).toMatchObject({ ...given, payload: JSON.stringify(content) });
      }),
      { numRuns: 200 },
    );
  });
});

describe('an id', () => {
  test('is brought into its canonical form, however a UUID is written', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.infiniteStream(fc.boolean()), (canonical, choices) => {
        const choose = () => choices.next().value as boolean;
        const written = [...canonical]
          .map((char) => (char === '-' ? (choose() ? '-' : '') : choose() ? char.toUpperCase() : char))
          .join('');
        expect(checkId(written)).toBe(canonical);
      }),
    );
  });

  test.each([
    '',
    'x',
    id.slice(1),
    `${id}0`,
    `{${id}}`,
    ` ${id}`,
    `${id}\n`,
    id.replace('a', 'g'),
    id.replace('-', '--'),
  ])('is not %j', (text) => {
    expect(() => checkId(text, 'ids')).toThrow(refusal('BAD_USER_INPUT', /^ids ".*" is not an event's id/));
  });

  test('that is refused is quoted shortly', () => {
    expect(() => checkId('x'.repeat(10_000))).toThrow(refusal('BAD_USER_INPUT', /^id "x{60}" is not/));
  });
});

describe('texts', () => {
  test('of a name are given or not; null is not given', () => {
    expect(optionalName('user', undefined)).toBeNull();
    expect(optionalName('user', null)).toBeNull();
    expect(optionalName('user', ' ')).toBe(' ');
  });

  test('of a description may be empty and have up to the limit', () => {
    expect(checkDescription('')).toBe('');
    const full = 'x'.repeat(limits.descriptionLength);
    expect(checkDescription(full)).toBe(full);
    expect(() => checkDescription(`${full}x`)).toThrow(
      refusal('BAD_USER_INPUT', /^description has 10001 characters/),
    );
    expect(() => checkDescription('\u0000')).toThrow(
      refusal('BAD_USER_INPUT', /^description contains the NUL/),
    );
  });
});
