// Runs the blocks of one page, in their order, against a gateway of its own.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'graphql';
import { expect } from 'vitest';
import { openEmbedded } from '../../src/database/embedded/embedded.ts';
import { createGateway } from '../../src/gateway.ts';
import { embeddedTemplate } from '../support/database.ts';
import type { Block } from './blocks.ts';
import type { Page } from './pages.ts';

const key = 'the-key-of-the-documentation';
const documented = 'http://127.0.0.1:4000';

export interface DocumentedGateway {
  run(block: Block): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a gateway with the app folder that the page describes, if it does. */
export async function startFor({ blocks }: Page): Promise<DocumentedGateway> {
  const folder = await mkdtemp(join(tmpdir(), 'throughline-docs-'));
  const files = blocks.filter(({ file }) => file !== undefined);
  for (const { file = '', text } of files) {
    await mkdir(dirname(join(folder, 'app', file)), { recursive: true });
    await writeFile(join(folder, 'app', file), text);
  }
  const database = await openEmbedded('memory://', { from: embeddedTemplate });
  const appFolder = files.length > 0 ? join(folder, 'app') : null;
  const gateway = createGateway({ port: 0, adminKey: key, logLevel: 'silent', appFolder }, { database });
  const { url } = await gateway.start();
  const runner = new Runner(url, folder);
  return {
    run: (block) => runner.run(block),
    stop: async () => {
      await gateway.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

class Runner {
  readonly #url: string;
  readonly #folder: string;
  readonly #saved = new Map<string, unknown>();

  constructor(url: string, folder: string) {
    this.#url = url;
    this.#folder = folder;
  }

  async run(block: Block): Promise<void> {
    if (block.language === 'sh') await this.#command(block);
    if (block.language === 'graphql') await this.#operation(block);
    if (block.language === 'json') JSON.parse(block.text);
  }

  async #command({ text, timeout }: Block): Promise<void> {
    const data = join(this.#folder, 'data');
    await mkdir(data, { recursive: true });
    const env = { ...process.env, KEY: key, DATA: data };
    const script = text.replaceAll(documented, this.#url);
    const limited = timeout === undefined ? [] : ['timeout', String(timeout)];
    const [command = '', ...rest] = [...limited, 'bash', '-euo', 'pipefail', '-c', script];
    const ended = promisify(execFile)(command, rest, { cwd: this.#folder, env });
    const { stdout } = await ended.catch((failure: { code?: unknown; stdout: string }) => {
      // What streams for ever is ended by `timeout`, which says so with 124.
      if (timeout !== undefined && failure.code === 124) return failure;
      throw failure as unknown as Error;
    });
    expect(stdout).not.toContain('"errors"');
    if (timeout !== undefined) expect(stdout).toContain('event: next');
  }

  async #operation(block: Block): Promise<void> {
    const [definition] = parse(block.text).definitions;
    const isSubscription =
      definition?.kind === 'OperationDefinition' && definition.operation === 'subscription';
    const variables = Object.fromEntries(
      Object.entries(block.variables).map(([name, value]) => [name, this.#valueOf(value)]),
    );
    const body = JSON.stringify({ query: block.text, variables });
    if (isSubscription) return this.#subscription(body, block.first);
    const { data, errors } = (await (await this.#post(body, 'application/json')).json()) as {
      data?: unknown;
      errors?: { extensions: { code: string } }[];
    };
    if (block.error === undefined) expect(errors).toBeUndefined();
    else expect(errors?.map(({ extensions }) => extensions.code)).toEqual([block.error]);
    for (const [name, path] of block.saves) this.#saved.set(name, at(data, path));
  }

  #valueOf(value: string): unknown {
    if (!value.startsWith('$')) return value;
    expect([...this.#saved.keys()], 'nothing was saved under that name').toContain(value.slice(1));
    return this.#saved.get(value.slice(1));
  }

  /** Awaits as many results as are expected, none of which may be an error. */
  async #subscription(body: string, first: number): Promise<void> {
    const stop = new AbortController();
    const response = await this.#post(body, 'text/event-stream', stop.signal);
    expect(response.status).toBe(200);
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (text.split('event: next').length <= first) text += (await reader.read()).value ?? '';
    expect(text).not.toContain('"errors"');
    stop.abort();
    await reader.cancel().catch(() => {});
  }

  #post(body: string, accept: string, signal?: AbortSignal): Promise<Response> {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json', accept };
    return fetch(`${this.#url}/graphql`, { method: 'POST', headers, body, ...(signal && { signal }) });
  }
}

function at(data: unknown, path: string): unknown {
  const value = path
    .split('.')
    .reduce<unknown>((within, name) => (within as Record<string, unknown> | undefined)?.[name], data);
  expect(value, `the answer has nothing at ${path}`).toBeDefined();
  return value;
}
