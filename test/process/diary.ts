// Handlers that write down what they do, for gateways that may be killed at any moment: an app folder, and its diary.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Settings } from '../support/process.ts';
import { appFolder, type Files } from '../handlers/app-fixture.ts';

/** What a run has written down: that it began, and that it was about to end. */
export interface DiaryLine {
  readonly moment: 'begin' | 'end';
  readonly handler: string;
  readonly runId: string;
  readonly eventId: string;
  readonly attempt: number;
  /** Of the gateway. */
  readonly pid: number;
}

/** Each run takes as long as the payload says: `ms` milliseconds, and until the gate of its attempt is open, if it has one. */
const diaryModule = `
  import { appendFileSync, existsSync } from 'node:fs';
  import { join } from 'node:path';
  import { currentRun } from 'throughline';

  const folder = process.env.DIARY;
  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

  export async function live(handler, { ms = 0, gates = [] }) {
    const { event, run } = currentRun();
    const { eventId: runId, attempt } = run;
    const { pid } = process;
    const write = (moment) =>
      appendFileSync(join(folder, 'diary'), JSON.stringify({ moment, handler, runId, eventId: event.id, attempt, pid }) + '\\n');
    const gate = gates[attempt - 1];
    write('begin');
    await sleep(ms);
    while (gate && !existsSync(join(folder, gate))) await sleep(20);
    write('end');
    return { attempt };
  }`;

/** An element that keeps the diary; `config` is the rest of its e.json. */
export function diarist(name: string, config: object): Files {
  return {
    'diary.ts': diaryModule,
    [`events/${name}/e.json`]: { type: 'events.NormalType', ...config },
    [`events/${name}/inner.ts`]: `
      import { live } from '../../diary.ts';
      export const customFunc = (payload: any) => live('events.${name}', payload);`,
  };
}

export class Diary {
  readonly #folder: string;
  readonly app: string;

  private constructor(folder: string, app: string) {
    this.#folder = folder;
    this.app = app;
  }

  /** For an app folder with these files. */
  static async of(files: Files): Promise<Diary> {
    const folder = await appFolder({ diary: '' });
    return new Diary(folder, await appFolder(files));
  }

  get settings(): Settings {
    return { THROUGHLINE_APP: this.app, DIARY: this.#folder };
  }

  /** A line that a kill has torn tells nothing. */
  async lines(): Promise<DiaryLine[]> {
    const text = await readFile(join(this.#folder, 'diary'), 'utf8');
    const whole = text.split('\n').filter((line) => line.startsWith('{') && line.endsWith('}'));
    return whole.map((line) => JSON.parse(line) as DiaryLine);
  }

  /** Lets go on what waits for it. */
  async open(gate: string): Promise<void> {
    await writeFile(join(this.#folder, gate), '');
  }
}
