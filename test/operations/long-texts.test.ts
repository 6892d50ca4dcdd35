// Texts as long as the documentation allows, in scripts whose characters take many bytes: they are stored and found again.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from '../../src/base/limits.ts';
import type { EventFilter } from '../../src/domain/conditions/event-filter.ts';
import { describeDatabases } from '../support/database.ts';
import { composedOnce, fresh, refusalOf, tester } from '../support/gateway.ts';

const between = (first: number, last: number) =>
  fc.integer({ min: first, max: last }).map((code) => String.fromCodePoint(code));
/** Characters of one to four bytes as UTF-8; drawn by chance, so that they cannot be compressed. */
const scripts = [
  between(0x21, 0x7e),
  between(0xc0, 0x24f),
  between(0x4e00, 0x9fff),
  between(0x1f300, 0x1f5ff),
  between(0x20000, 0x2a6df),
];

/** Of one script or of several, and as often as not of the full length. */
function textOf(mostCharacters: number, mostBytes = Infinity): fc.Arbitrary<string> {
  const characters = fc.oneof(...scripts, fc.oneof(...scripts));
  const full = { minLength: mostCharacters, maxLength: mostCharacters };
  const texts = [...scripts, characters].flatMap((unit) => [
    fc.array(unit, full),
    fc.array(unit, { minLength: 1, maxLength: mostCharacters }),
  ]);
  return fc.oneof(...texts).map((units) => {
    let bytes = 0;
    const end = units.findIndex((unit) => (bytes += Buffer.byteLength(unit)) > mostBytes);
    return (end < 0 ? units : units.slice(0, end)).join('');
  });
}

const name = textOf(limits.nameLength);
const chainId = textOf(limits.nameLength, limits.chainIdBytes);
const topic = fc.stringMatching(/^[A-Za-z0-9_-]{200}$/);
const order = { by: 'CREATED', direction: 'ASC' } as const;

describeDatabases('Texts within their limits', (backend) => {
  const gateway = composedOnce(backend);

  const idsOf = async (filter: EventFilter) => {
    const { rows } = await gateway().operations.listEvents(filter, order, { first: 1_000 }, []);
    return rows.map(({ row }) => row.id);
  };

  test('of an event are stored, and find it', async () => {
    const texts = fc.record({
      ...{ topic, hash: name, sender: name, senderType: name, eventType: name, project: name, user: name },
      ...{ requestId: chainId, nodeId: chainId, description: textOf(limits.descriptionLength) },
    });
    await fc.assert(
      fc.asyncProperty(texts, async (input) => {
        const { operations } = gateway();
        const found = await operations.eventByHash(input.hash, []);
        const id = found?.id ?? (await gateway().send(input).catch(takenNode));
        fc.pre(id !== null);
        expect(await gateway().read(id)).toMatchObject(found ? {} : input);
        const { sender, project, user, requestId, nodeId } = await gateway().read(id);
        expect((await operations.eventByHash(input.hash, []))?.id).toBe(id);
        expect((await operations.eventsBelowNode(requestId, nodeId, []))[0]?.id).toBe(id);
        for (const filter of [
          { senders: [sender!] },
          { projects: [project!] },
          { users: [user!] },
          { requestIds: [requestId] },
          { conditions: { conditions: [{ key: 'nodeId', value: nodeId }] } },
        ]) {
          expect(await idsOf(filter)).toContain(id);
        }
      }),
      { numRuns: 40 },
    );
  });

  test('of a worker are stored, and give it its job again', async () => {
    const texts = fc.record({
      worker: name,
      sender: name,
      senderType: name,
      project: name,
      targetTopic: topic,
    });
    await fc.assert(
      fc.asyncProperty(texts, async (given) => {
        const source = fresh('source');
        await gateway().send({ topic: source });
        const asked = { ...given, sourceTopics: [source], sticky: true };
        const claims = await gateway().operations.enroll(tester, asked, 1);
        expect(claims).toHaveLength(1);
        const again = await gateway().operations.enroll(tester, asked, 1);
        expect(again.map(({ event }) => event.id)).toEqual(claims.map(({ event }) => event.id));
        const { sender, project } = await gateway().read(claims[0]!.event.id);
        expect({ sender, project }).toEqual({ sender: given.sender, project: given.project });
      }),
      { numRuns: 20 },
    );
  });

  test('of a durable subscription are stored, and deliver what they name', async () => {
    await fc.assert(
      fc.asyncProperty(name, name, async (title, source) => {
        const { operations } = gateway();
        const first = await gateway().send({ topic: 'subscribed', sender: source });
        const subscription = await operations.subscribe(tester, { name: title, source, after: '0' });
        expect(subscription).toMatchObject({ name: title, source });
        const next = await operations.nextEvent(tester, [subscription.id], 0);
        expect(await idsOf({ senders: [source] })).toContain(first);
        expect((await gateway().read(next!.event.id)).sender).toBe(source);
      }),
      { numRuns: 20 },
    );
  });

  test('of a key and of a trigger are stored, and name it', async () => {
    await fc.assert(
      fc.asyncProperty(textOf(limits.keyNameLength - 20), name, async (text, project) => {
        const input = { name: `${fresh('key')} ${text}`, scopes: ['events:read'], projects: [project] };
        const made = await gateway().operations.createKey(tester, input);
        expect(made.key).toMatchObject({ name: input.name, projects: [project] });
        const trigger = { name: fresh('t').padEnd(limits.topicLength, 'x'), webhook: {} };
        expect((await gateway().operations.createTrigger(trigger)).name).toBe(trigger.name);
      }),
      { numRuns: 10 },
    );
  });
});

/** Two events by chance of one name, as short texts are. */
function takenNode(error: unknown): null {
  expect(String(error)).toMatch(/is taken in the request/);
  return null;
}

describeDatabases('A text beyond what can be indexed', (backend) => {
  const gateway = composedOnce(backend);
  const emoji = (count: number) =>
    Array.from({ length: count }, () => String.fromCodePoint(0x1f300 + Math.floor(Math.random() * 700))).join(
      '',
    );

  test.each(['requestId', 'nodeId'])('is refused as a %s, with its size and the limit', async (argument) => {
    const refused = await refusalOf(gateway().send({ [argument]: emoji(326) }));
    expect(refused.code).toBe('BAD_USER_INPUT');
    expect(refused.message).toBe(`${argument} has 1304 bytes as UTF-8; at most 1300 are allowed.`);
    await gateway().send({ [argument]: emoji(325) });
    await gateway().send({ [argument]: 'x'.repeat(limits.nameLength) });
  });

  describe('that the database alone knows of', () => {
    test.each([
      ['indexed (own_idx)', 1_000],
      ['stored', 5_000],
    ])('and cannot be %s, is the fault of its item; the others are written', async (where, characters) => {
      const { database, operations, caller } = gateway();
      const topic = fresh('indexed');
      await database.query({ text: 'CREATE INDEX own_idx ON events (description)', values: [] });
      const inputs = [{ topic }, { topic, description: emoji(characters) }, { topic, description: 'short' }];
      const { events, errors } = await operations.sendEvents(caller, inputs);
      await database.query({ text: 'DROP INDEX own_idx', values: [] });
      expect(events.map((event) => event !== null)).toEqual([true, false, true]);
      expect(errors).toEqual([
        {
          index: 1,
          code: 'BAD_USER_INPUT',
          message: `A text is larger than can be ${where}; give a shorter one. Nothing was written.`,
          details: {},
        },
      ]);
    });
  });
});
