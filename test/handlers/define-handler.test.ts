// Handlers defined in code: defaults, and the messages of refusals.
import { describe, expect, it } from 'vitest';
import { defineHandler } from '../../src/handlers/app/define-handler.ts';

const least = { fullName: 'events.Paid', source: 'services.Shop.paid', run: () => 1 };

describe('defineHandler', () => {
  it('has defaults for omitted fields', async () => {
    const handler = defineHandler(least);
    expect(handler).toEqual({
      ...least,
      title: null,
      eventType: 'events.NormalType',
      baseType: 'events.NormalType',
      where: null,
      async: false,
      enabled: true,
      order: 0,
      failSender: true,
      timeoutMs: null,
      maxRetries: 3,
      retryDelayMs: 1_000,
      isValid: expect.any(Function),
    });
    expect(handler.isValid({} as any)).toBe(true);
  });

  it('keeps given fields', () => {
    const said = {
      ...least,
      title: 'Paid',
      eventType: 'events.ModelType' as const,
      where: 'data.total > 1',
      async: true,
      enabled: false,
      order: -1,
      failSender: false,
      timeoutMs: 5,
      maxRetries: 0,
      retryDelayMs: 0,
      isValid: () => false,
    };
    expect(defineHandler(said)).toEqual({ ...said, baseType: 'events.ModelType' });
  });

  it('accepts a Handler that it returned, and unknown fields that resemble no setting', () => {
    const handler = defineHandler(least);
    expect(defineHandler({ ...handler, owner: 'billing' } as any)).toEqual(handler);
  });

  it.each([
    [{ fullName: 7 }, 'defineHandler(…): fullName must be a text, not 7.'],
    [
      { source: 'a b' },
      'defineHandler("events.Paid"): source "a b" is not a topic: 1 to 200 characters, parts of letters, digits, _ and - joined by dots.',
    ],
    [{ run: undefined }, 'defineHandler("events.Paid"): run must be a function, not undefined.'],
    [{ title: 1 }, 'defineHandler("events.Paid"): title must be a text, not 1.'],
    [
      { eventType: 'events.Normal' },
      'defineHandler("events.Paid"): eventType must be one of events.NormalType, events.ModelType, events.WorkflowType, not "events.Normal" (did you mean events.NormalType?).',
    ],
    [{ async: 'yes' }, 'defineHandler("events.Paid"): async must be true or false, not "yes".'],
    [{ order: 1.5 }, /order must be a whole number/],
    [
      { timeoutMs: 0 },
      'defineHandler("events.Paid"): timeoutMs must be a whole number from 1 to 3600000, not 0.',
    ],
    [
      { maxRetries: -1 },
      'defineHandler("events.Paid"): maxRetries must be a whole number from 0 to 1000, not -1.',
    ],
    [{ isValid: true }, 'defineHandler("events.Paid"): isValid must be a function, not true.'],
    [{ where: 1 }, 'defineHandler("events.Paid"): where must be a CEL expression, as a string, not 1.'],
    [{ filter: 'true' }, 'defineHandler("events.Paid"): filter has no meaning; did you mean where?'],
    [{ asyncType: true }, 'defineHandler("events.Paid"): asyncType has no meaning; did you mean async?'],
    [{ maxRetry: 0 }, 'defineHandler("events.Paid"): maxRetry has no meaning; did you mean maxRetries?'],
    [{ where: 'topic =' }, /^defineHandler\("events\.Paid"\): where, line 1, column \d+: /],
  ])('refuses %j', (wrong, message) => {
    expect(() => defineHandler({ ...least, ...wrong } as any)).toThrow(message);
  });
});
