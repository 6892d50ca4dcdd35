// What every command gets: its output, a client of the chosen gateway, and a signal for Ctrl+C.
import { type Client, createClient } from '../client/client.ts';
import { Output } from './output/output.ts';
import { findTarget, type Target, type TargetOptions } from './settings/target.ts';

/** The options that all commands have. */
export interface GlobalOptions extends TargetOptions {
  readonly json?: true | undefined;
  readonly color: boolean;
}

export class Session {
  readonly output: Output;
  readonly options: GlobalOptions;
  #client: Promise<Client> | undefined;
  #target: Promise<Target> | undefined;

  constructor(options: GlobalOptions) {
    this.options = options;
    this.output = new Output({ json: options.json ?? false, colours: options.color });
  }

  target(): Promise<Target> {
    this.#target ??= findTarget(this.options);
    return this.#target;
  }

  client(): Promise<Client> {
    this.#client ??= this.target().then(({ url, key }) => createClient({ url, key }));
    return this.#client;
  }

  async close(): Promise<void> {
    const client = await this.#client?.catch(() => undefined);
    await client?.close();
  }
}

/** A command asks once: a person or a script decides whether to try again. */
export const askOnce = { retryForMs: 0 } as const;

/** Aborted by the first Ctrl+C or SIGTERM; the second one ends the process. */
export function interruption(): { readonly signal: AbortSignal; readonly release: () => void } {
  const controller = new AbortController();
  const names = ['SIGINT', 'SIGTERM'] as const;
  const release = () => names.forEach((name) => process.off(name, abort));
  const abort = () => {
    controller.abort();
    release();
  };
  for (const name of names) process.once(name, abort);
  return { signal: controller.signal, release };
}
