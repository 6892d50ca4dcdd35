// The app folder is edited while handlers run: what runs ends as it began, what comes runs as it is now, and nothing is lost.
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { type Files, writeFiles } from '../handlers/app-fixture.ts';
import { describeEmbedded } from '../support/database.ts';
import { ask, settingsFor, startGateway } from '../support/process.ts';
import { Diary, diarist } from './diary.ts';
import { readRuns, type StoredRun, sendWell } from './runs.ts';

const patience = { timeout: 30_000, interval: 20 };
const testMs = 150_000;
/** Runs of one handler that are under way at once. */
const concurrency = 10;

/** What both elements answer, in each version of the folder. */
function version(word: string): Files {
  return { 'word.ts': `export const word = ${JSON.stringify(word)};` };
}

const waited = {
  'events/Waited/e.json': { type: 'events.NormalType', sender: 'reload.waited' },
  'events/Waited/inner.ts': "import { word } from '../../word.ts'; export const customFunc = () => word;",
};
const background = `
  import { live } from '../../diary.ts';
  import { word } from '../../word.ts';
  export async function customFunc(payload: any) {
    await live('events.Background', payload);
    return word;
  }`;
const files = {
  ...version('one'),
  ...waited,
  ...diarist('Background', { sender: 'reload.background', asyncType: true }),
  'events/Background/inner.ts': background,
};

describeEmbedded('An app folder that is edited while handlers run', (backend) => {
  const start = async () => {
    const diary = await Diary.of(files);
    const gateway = await startGateway({ ...settingsFor(await backend.target()), ...diary.settings });
    const url = await gateway.url;
    /** What the synchronous handler answers now. */
    const word = async () => (await sendWell(url, { topic: 'reload.waited' })).executions[0]?.result;
    const isNow = (expected: string) => vi.waitFor(async () => expect(await word()).toBe(expected), patience);
    const sendMany = async (count: number, payload: object) => {
      for (let n = 0; n < count; n += 1) await sendWell(url, { topic: 'reload.background', payload });
    };
    const runs = (count: number, ends: (runs: readonly StoredRun[]) => void) =>
      vi.waitFor(async () => {
        const stored = await readRuns(url, 'events.Background');
        expect(stored).toHaveLength(count);
        ends(stored);
        return stored;
      }, patience);
    return { diary, gateway, url, word, isNow, sendMany, runs };
  };
  const areFinished = (runs: readonly StoredRun[]) =>
    expect(runs.filter(({ status }) => status !== 'FINISHED')).toEqual([]);

  test(
    'has runs under way end with the code they began with, and new ones begin with the new',
    async () => {
      const { diary, gateway, isNow, sendMany, runs } = await start();
      await sendMany(1, { gates: ['go'] });
      await vi.waitFor(async () => expect(await diary.lines()).toHaveLength(1), patience);
      await writeFiles(diary.app, version('two'));
      await isNow('two');
      await sendMany(1, {});
      await runs(2, (stored) => expect(stored[1]!.status).toBe('FINISHED'));
      await diary.open('go');
      const ended = await runs(2, areFinished);
      expect(ended.map(({ result, retries }) => [result, retries])).toEqual([
        ['one', 0],
        ['two', 0],
      ]);
      await gateway.stop();
    },
    testMs,
  );

  test(
    'loses nothing in twenty quick edits, and ends with the last',
    async () => {
      const { diary, gateway, word, isNow, sendMany, runs } = await start();
      const words = Array.from({ length: 20 }, (_, n) => `edit ${n + 1}`);
      const known = new Set<unknown>(['one', ...words]);
      let isOver = false;
      let sent = 0;
      const sending = (async () => {
        for (; !isOver; sent += 1) {
          expect(known).toContain(await word());
          await sendMany(1, { ms: 30 });
        }
      })();
      for (const each of words) {
        // Whole at any moment, as editors save: a file that is read half-way has what it has by then.
        await writeFiles(diary.app, { '.word.ts': version(each)['word.ts'] });
        await rename(join(diary.app, '.word.ts'), join(diary.app, 'word.ts'));
        await delay(50);
      }
      await isNow(words.at(-1)!);
      isOver = true;
      await sending;
      await sendMany(1, {});
      const ended = await runs(sent + 1, areFinished);
      expect(ended.at(-1)!.result).toBe(words.at(-1));
      expect(new Set([...known, ...ended.map(({ result }) => result)])).toEqual(known);
      await gateway.stop();
    },
    testMs,
  );

  test(
    'lists an element that was broken with its problem, keeps its runs, and runs them when it is mended',
    async () => {
      const { diary, gateway, url, isNow, sendMany, runs } = await start();
      const problem = async () => {
        const { data } = await ask<{ handlers: { fullName: string; problem: string | null }[] }>(
          url,
          '{ handlers { fullName problem } }',
        );
        return data!.handlers.find(({ fullName }) => fullName === 'events.Background')!.problem;
      };
      await sendMany(concurrency + 2, { gates: ['go'] });
      await vi.waitFor(async () => expect(await diary.lines()).toHaveLength(concurrency), patience);
      await writeFiles(diary.app, { ...version('broken'), 'events/Background/inner.ts': 'export const =' });
      await vi.waitFor(async () => expect(await problem()).toContain('does not compile'), patience);
      await isNow('broken');
      await sendMany(3, {});
      await diary.open('go');
      await runs(concurrency + 2, (stored) => {
        expect(stored.slice(0, concurrency).map(({ result }) => result)).toEqual(
          Array(concurrency).fill('one'),
        );
        expect(stored.slice(concurrency).map(({ status }) => status)).toEqual(['PENDING', 'PENDING']);
      });

      await writeFiles(diary.app, { ...version('mended'), 'events/Background/inner.ts': background });
      const ended = await runs(concurrency + 5, areFinished);
      expect(ended.slice(concurrency).map(({ result }) => result)).toEqual(Array(5).fill('mended'));
      expect(await problem()).toBeNull();
      await gateway.stop();
    },
    testMs,
  );
});
