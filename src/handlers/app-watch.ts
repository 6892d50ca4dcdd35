// Takes up what changes in an app folder while the gateway runs.
import { type FSWatcher, readdirSync, watch } from 'node:fs';
import { join } from 'node:path';
import { asError } from '../base/errors.ts';
import type { Stoppable } from '../base/lifecycle.ts';
import { StartupError } from '../database/database.ts';
import { type App, type AppParts } from './app.ts';
import { loadApp } from './app-folder.ts';

/** How long nothing may change before the folder is loaded anew, in milliseconds: an editor saves in several steps. */
const quietMs = 100;
/** How often a folder that is gone is looked for, in milliseconds. */
const retryMs = 1_000;

/**
 * Loads the folder anew whenever a file in it has changed, and gives each new app to `onApp`; until then the old one goes
 * on, also where the folder can not be read, which is logged.
 */
export function watchApp(
  folder: string,
  parts: AppParts,
  onApp: (app: App) => void | Promise<void>,
): Stoppable {
  const watching = new AppWatch(folder, parts, onApp);
  watching.open();
  return watching;
}

class AppWatch implements Stoppable {
  readonly #folder: string;
  readonly #parts: AppParts;
  readonly #onApp: (app: App) => void | Promise<void>;
  /** One for each folder: Node's own recursive watch loses folders that are made anew. */
  #watchers: FSWatcher[] = [];
  #timer: NodeJS.Timeout | undefined;
  #loading: Promise<void> | null = null;
  #changed = false;
  #isGone = false;
  #stopped = false;

  constructor(folder: string, parts: AppParts, onApp: (app: App) => void | Promise<void>) {
    this.#folder = folder;
    this.#parts = parts;
    this.#onApp = onApp;
  }

  /** Watches the folders that there are now; the old watchers go when the new ones are there, so that nothing is missed. */
  open(): void {
    const old = this.#watchers;
    this.#watchers = [];
    this.#watchBelow(this.#folder);
    for (const watcher of old) watcher.close();
  }

  #watchBelow(folder: string): void {
    try {
      const watcher = watch(folder, () => this.#soon(quietMs));
      this.#watchers.push(watcher);
      watcher.on('error', () => this.#soon(quietMs));
      for (const entry of readdirSync(folder, { withFileTypes: true })) {
        const isSource = !entry.name.startsWith('.') && entry.name !== 'node_modules';
        if (entry.isDirectory() && isSource) this.#watchBelow(join(folder, entry.name));
      }
    } catch {
      // It is gone: which the folder above tells, or the next load.
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#loading;
    for (const watcher of this.#watchers) watcher.close();
  }

  #soon(ms: number): void {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#load(), ms).unref();
  }

  /** One at a time: what changes meanwhile is taken up afterwards. */
  #load(): void {
    this.#changed = true;
    this.#loading ??= this.#loadAll().finally(() => {
      this.#loading = null;
    });
  }

  async #loadAll(): Promise<void> {
    while (this.#changed && !this.#stopped) {
      this.#changed = false;
      await this.#loadOnce();
    }
  }

  async #loadOnce(): Promise<void> {
    const { logger } = this.#parts.port;
    // Before it is read, so that no change falls between the two.
    this.open();
    try {
      const app = await loadApp(this.#folder, this.#parts);
      this.#isGone = false;
      if (this.#stopped) return;
      await this.#onApp(app);
      const { handlers, broken } = app;
      logger.info({ handlers: handlers.length, broken: broken.length }, 'the app folder was loaded anew');
    } catch (error) {
      const isGone = error instanceof StartupError;
      // Once, however often it is looked for.
      if (!isGone || !this.#isGone) {
        logger.error(
          { err: asError(error) },
          `the app folder was not loaded anew, so that what was loaded goes on: ${asError(error).message}`,
        );
      }
      this.#isGone = isGone;
      if (isGone) this.#soon(retryMs);
    }
  }
}
