// A watched app folder: changes are loaded, and no change stops the loaded version.
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Stoppable } from '../../src/base/lifecycle.ts';
import type { App } from '../../src/handlers/app/app.ts';
import { watchApp } from '../../src/handlers/app/watch.ts';
import { anEvent, appFolder, fakePort, type Files, runHandler, writeFiles } from './app-fixture.ts';

const config = { type: 'events.NormalType', sender: 'shop.paid' };
const files: Files = {
  'word.ts': 'export const word = "one";',
  'events/A/e.json': config,
  'events/A/inner.ts': "import { word } from '../../word.ts'; export const customFunc = () => word;",
};

let watching: Stoppable;
afterEach(() => watching.stop());

async function watched() {
  const folder = await appFolder(files);
  const port = fakePort();
  const apps: App[] = [];
  watching = watchApp(folder, { port }, (app) => void apps.push(app));
  await sleep(50);
  const answer = () => runHandler(apps.at(-1)!, 'events.A', anEvent());
  const soon = (check: () => unknown) => vi.waitFor(check, { timeout: 10_000, interval: 20 });
  return { folder, port, apps, answer, soon };
}

describe('A watched folder', () => {
  it('reloads after an edit of an imported file', async () => {
    const { folder, apps, answer, soon } = await watched();
    await writeFiles(folder, { 'word.ts': 'export const word = "two";' });
    await soon(async () => expect(await answer()).toBe('two'));
    await writeFiles(folder, { 'word.ts': 'export const word = "three";' });
    await soon(async () => expect(await answer()).toBe('three'));
    expect(apps[0]).not.toBe(apps.at(-1));
    expect(await runHandler(apps[0]!, 'events.A', anEvent())).toBe('two');
  });

  it('reloads new, broken and repaired elements', async () => {
    const { folder, apps, soon } = await watched();
    await writeFiles(folder, { 'events/B/e.json': config, 'events/B/inner.ts': 'export const customFunc =' });
    await soon(() => expect(apps.at(-1)?.broken.map(({ fullName }) => fullName)).toEqual(['events.B']));
    expect(apps.at(-1)!.handlers.map(({ fullName }) => fullName)).toEqual(['events.A']);
    await writeFiles(folder, { 'events/B/inner.ts': 'export const customFunc = () => 1;' });
    await soon(() => expect(apps.at(-1)?.handlers).toHaveLength(2));
    await rm(join(folder, 'events/A'), { recursive: true });
    await soon(() => expect(apps.at(-1)?.handlers.map(({ fullName }) => fullName)).toEqual(['events.B']));
  });

  it('reloads folders that are removed and recreated, as a checkout does', async () => {
    const { folder, answer, soon } = await watched();
    for (const word of ['two', 'three', 'four']) {
      await rm(join(folder, 'events'), { recursive: true });
      await writeFiles(folder, {
        ...files,
        'events/A/inner.ts': `export const customFunc = () => "${word}";`,
      });
      await soon(async () => expect(await answer()).toBe(word));
    }
  });

  it('is loaded once for simultaneous changes', async () => {
    const { folder, apps, soon } = await watched();
    for (let n = 0; n < 10; n += 1) {
      await writeFiles(folder, { [`note-${n}.txt`]: 'x' });
      await sleep(10);
    }
    await soon(() => expect(apps).toHaveLength(1));
    await sleep(300);
    expect(apps).toHaveLength(1);
  });

  it('may disappear, which is logged once, and return', async () => {
    const { folder, port, apps, answer, soon } = await watched();
    await rename(folder, `${folder}-away`);
    await writeFiles(`${folder}-away`, { 'word.ts': 'export const word = "back";' });
    await soon(() => expect(port.lines.filter(({ level }) => level === 'error')).toHaveLength(1));
    expect(port.lines[0]!.message).toContain('cannot be read');
    expect(apps).toEqual([]);
    await sleep(1_500);
    expect(port.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
    await rename(`${folder}-away`, folder);
    await soon(async () => expect(await answer()).toBe('back'));
    await writeFiles(folder, { 'word.ts': 'export const word = "again";' });
    await soon(async () => expect(await answer()).toBe('again'));
  });

  it('continues after onApp has failed', async () => {
    const folder = await appFolder(files);
    const port = fakePort();
    let calls = 0;
    watching = watchApp(folder, { port }, () => {
      calls += 1;
      if (calls === 1) throw new Error('not now');
    });
    await sleep(50);
    await writeFiles(folder, { 'a.txt': '1' });
    await vi.waitFor(() => expect(port.lines.map(({ level }) => level)).toEqual(['error']), 5_000);
    await writeFiles(folder, { 'a.txt': '2' });
    await vi.waitFor(() => expect(calls).toBe(2), 5_000);
  });

  it('is not read once the watcher has stopped', async () => {
    const { folder, apps } = await watched();
    await watching.stop();
    await mkdir(join(folder, 'events/C'));
    await writeFiles(folder, { 'word.ts': 'export const word = "late";' });
    await sleep(300);
    expect(apps).toEqual([]);
  });
});
