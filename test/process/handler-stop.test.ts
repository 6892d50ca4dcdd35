// An orderly stop while handlers run: short runs finish, others are released uncounted, and waiting senders get an answer.
import { expect, test, vi } from 'vitest';
import { describeDatabases } from '../support/database.ts';
import { settingsFor, startGateway } from '../support/process.ts';
import { Diary, diarist } from './diary.ts';
import { readRuns, send, sendWell, type StoredRun } from './runs.ts';

const patience = { timeout: 60_000, interval: 50 };
const testMs = 150_000;
/** A process may take so long to end, in milliseconds. */
const endMs = 10_000;
const leaseMs = 30_000;

const files = {
  ...diarist('Background', { sender: 'stop.background', asyncType: true }),
  ...diarist('Waited', { sender: 'stop.waited', order: 1 }),
  ...diarist('Next', { sender: 'stop.waited', order: 2 }),
};
/** Their first attempt ends after the signal, or never. */
const short = { gates: ['soon'] };
const long = { gates: ['never'] };

/** Given back, not lost: its next attempt came before its lease would have ended, and nothing was counted. */
function expectGivenBack({ status, retries, result, history }: StoredRun): void {
  expect({ status, retries, result }).toEqual({ status: 'FINISHED', retries: 0, result: { attempt: 2 } });
  const release = history.findIndex(({ from, to }) => from === 'IN_PROGRESS' && to === 'PENDING');
  expect(history[release]).toMatchObject({ attempt: 1 });
  const next = history.find(({ attempt }) => attempt === 2)!;
  expect(Date.parse(next.at) - Date.parse(history[release - 1]!.at)).toBeLessThan(leaseMs);
}

describeDatabases('A signal while handlers run', (backend) => {
  test(
    'lets short runs finish, releases the others, and answers their waiting senders',
    async () => {
      const diary = await Diary.of(files);
      const settings = { ...settingsFor(await backend.target()), ...diary.settings };
      const gateway = await startGateway(settings);
      const url = await gateway.url;
      for (const payload of [short, long]) await sendWell(url, { topic: 'stop.background', payload });
      const answers = Promise.all(
        [short, long].map((payload) => send(url, { topic: 'stop.waited', payload })),
      );
      await vi.waitFor(async () => expect(await diary.lines()).toHaveLength(4), patience);

      const began = performance.now();
      gateway.signal('SIGTERM');
      await gateway.said(/SIGTERM: stopping/);
      await diary.open('soon');
      expect(await gateway.exit).toEqual({ code: 0, signal: null });
      expect(performance.now() - began).toBeLessThan(endMs);
      const [ended, left] = await answers;
      expect(ended!.data!.sendEvent.executions).toMatchObject([
        { handler: 'events.Waited', result: { attempt: 1 } },
        { handler: 'events.Next', result: { attempt: 1 } },
      ]);
      expect(left!.errors).toMatchObject([
        { message: expect.stringContaining('is released'), extensions: { code: 'HANDLER_FAILED' } },
      ]);

      const next = await startGateway(settings);
      for (const name of ['events.Background', 'events.Waited', 'events.Next']) {
        const [ofShort, ofLong] = await vi.waitFor(async () => {
          const runs = await readRuns(await next.url, name);
          expect(runs.map(({ status }) => status)).toEqual(['FINISHED', 'FINISHED']);
          return runs;
        }, patience);
        expect(ofShort).toMatchObject({ retries: 0, result: { attempt: 1 } });
        expectGivenBack(ofLong!);
      }
      await next.stop();
      // One that had not had its turn did not begin any more.
      const begun = (await diary.lines()).filter(
        ({ moment, handler }) => moment === 'begin' && handler === 'events.Next',
      );
      expect(begun.map(({ attempt }) => attempt)).toEqual([1, 2]);
    },
    testMs,
  );
});
