// Isolation: a key learns nothing of events outside of its rows, whatever is done, stored and live.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { describeDatabases } from '../support/database.ts';
import { operationsOn } from '../support/gateway.ts';
import '../support/property-seed.ts';
import { Party, type Step, steps } from './parties.ts';

describeDatabases('Two keys with disjoint projects', (backend) => {
  /** All that b observes; without a, nothing of a's is done. */
  async function observations(taken: readonly Step[], withA: boolean): Promise<readonly string[]> {
    const gateway = await operationsOn(await backend.open());
    try {
      const [a, b] = [new Party(gateway, 'a'), new Party(gateway, 'b')];
      const [feed, progress] = await Promise.all([b.feed(), b.progress()]);
      for (const step of taken) {
        if (step.by === 'b') await b.take(step, withA ? a : null);
        else if (withA) await a.take(step, b);
      }
      const last = await gateway.operations.sendEvent(b.caller, { topic: 'end', project: 'b' });
      await gateway.operations.updateEvent(b.caller, { id: last.event.id, progress: 100 });
      const isLast = (item: object) => JSON.stringify(item).includes(last.event.id);
      const live = [...(await feed.until(isLast)), ...(await progress.until(isLast))];
      feed.stop();
      progress.stop();
      return [...b.observed, ...live.map((item) => b.named(JSON.stringify(item)))];
    } finally {
      await gateway.stop();
    }
  }

  test('never see, count, wake or learn of each other’s events: each is answered as if it were alone', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (taken) => {
        expect(await observations(taken, true)).toEqual(await observations(taken, false));
      }),
      { numRuns: 15, endOnFailure: true },
    );
  }, 240_000);
});
