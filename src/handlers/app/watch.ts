// The watcher of an app folder: reloads it when files change while the gateway runs.
import { type FSWatcher, readdirSync, watch } from 'node:fs';
import { join } from 'node:path';
import { asError } from '../../base/errors.ts';
import type { Stoppable } from '../../base/lifecycle.ts';
import { StartupError } from '../../database/database.ts';
import { type App, type AppParts } from './app.ts';
import { loadApp } from './folder.ts';

/** How long nothing may change before the folder is reloaded, in milliseconds, since editors save in several steps. */
const quietMs = 100;
/** How often a missing folder is looked for, in milliseconds. */
const retryMs = 1_000;

/**
 * Reloads the folder whenever one of its files changes, and passes each new app to `onApp`. If the folder cannot be
 * read, this is logged and the old app stays active.
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
  /** One per folder: Node's recursive watch loses folders that are recreated. */
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

  /**
   * Watches all current folders. The old watchers are closed after the new ones are open, so that no change is missed.
   */
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
      // The folder is gone. The watcher of its parent, or the next load, reports this.
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

  /** One load at a time; changes during a load cause another one. */
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
    // Before reading, so that no change is missed in between.
    this.open();
    try {
      const app = await loadApp(this.#folder, this.#parts);
      this.#isGone = false;
      if (this.#stopped) return;
      await this.#onApp(app);
      const { handlers, broken } = app;
      logger.info({ handlers: handlers.length, broken: broken.length }, 'the app folder was reloaded');
    } catch (error) {
      const isGone = error instanceof StartupError;
      // Logged once, however often the folder is looked for.
      if (!isGone || !this.#isGone) {
        logger.error(
          { err: asError(error) },
          `could not reload the app folder; the previous version stays active: ${asError(error).message}`,
        );
      }
      this.#isGone = isGone;
      if (isGone) this.#soon(retryMs);
    }
  }
}
