// The console in a real browser, on a gateway of the test's own with GitHub's deliveries in it.
import { createRequire } from 'node:module';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { afterAll } from 'vitest';
import { openEmbedded } from '../../src/database/embedded/embedded.ts';
import type { Database } from '../../src/database/database.ts';
import { createGateway, type GatewaySettings } from '../../src/gateway.ts';
import { openPage, type OpenPage } from '../browser/browser.ts';
import { embeddedTemplate } from '../support/database.ts';

export { hasBrowser } from '../browser/browser.ts';

export const adminKey = 'console-test-key-0123456789';

/** For what a busy machine takes its time with. */
export const patient = { timeout: 30_000 };

export interface ConsoleGateway {
  readonly url: string;
  /** Executes an operation as the admin; rejects on any error. */
  ask<Data = any>(query: string, variables?: object, key?: string): Promise<Data>;
  /** A key with these scopes, and restrictions if given. */
  newKey(scopes: readonly string[], restrictions?: object): Promise<string>;
  stop(): Promise<void>;
}

const stops = new Set<() => Promise<void>>();
afterAll(async () => {
  for (const stop of stops) await stop();
});

/** On an embedded database in memory unless one is given. */
export async function startConsole(
  given?: Database,
  settings: Partial<GatewaySettings> = {},
): Promise<ConsoleGateway> {
  const database = given ?? (await openEmbedded('memory://', { from: embeddedTemplate }));
  const gateway = createGateway({ port: 0, adminKey, logLevel: 'silent', ...settings }, { database });
  const { url } = await gateway.start();
  const stop = async () => {
    stops.delete(stop);
    await gateway.stop();
  };
  stops.add(stop);
  const ask: ConsoleGateway['ask'] = async (query, variables = {}, key = adminKey) => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = (await response.json()) as { data: any; errors?: unknown };
    if (errors) throw new Error(JSON.stringify(errors));
    return data;
  };
  const newKey = async (scopes: readonly string[], restrictions = {}) => {
    const input = { name: `key-${Math.random()}`, scopes, ...restrictions };
    const { createKey } = await ask(
      'mutation ($input: CreateKeyInput!) { createKey(input: $input) { secret } }',
      { input },
    );
    return createKey.secret as string;
  };
  return { url, ask, newKey, stop };
}

interface Delivery {
  readonly name: string;
  readonly examples: readonly object[];
}

/** GitHub's 329 deliveries, each an event of the topic `github.<kind>`, one request per kind. */
export async function sendDeliveries({ ask }: ConsoleGateway): Promise<number> {
  const kinds: readonly Delivery[] = createRequire(import.meta.url)('@octokit/webhooks-examples');
  const input = kinds.flatMap(({ name, examples }) =>
    examples.map((payload) => ({
      topic: `github.${name}`,
      payload,
      requestId: `github-${name}`,
      project: 'github',
    })),
  );
  for (let start = 0; start < input.length; start += 100)
    await ask('mutation ($input: [SendEventInput!]!) { sendEvents(input: $input) { errors { message } } }', {
      input: input.slice(start, start + 100),
    });
  return input.length;
}

/** Opens a page of the console, signed in. `path` begins with a slash and is below `/console`. */
export async function openConsole(
  gateway: ConsoleGateway,
  path = '/',
  { key = adminKey, ...options }: BrowserContextOptions & { key?: string } = {},
): Promise<OpenPage> {
  const opened = await openPage(`${gateway.url}/console/icon.svg`, options);
  await opened.page.evaluate((secret) => sessionStorage.setItem('throughline:key', secret), key);
  await opened.page.goto(`${gateway.url}/console${path}`);
  return opened;
}

export interface Violation {
  readonly id: string;
  readonly nodes: readonly string[];
}

/** What axe-core finds wrong with the page as it is now, in one theme. */
export async function violations(page: Page, theme: 'light' | 'dark'): Promise<readonly Violation[]> {
  await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
  const { source } = createRequire(import.meta.url)('axe-core') as { source: string };
  // Evaluated by the browser's debugger, which the content security policy does not concern.
  await page.evaluate(source);
  const found = await page.evaluate(async () => {
    const { violations } = await (globalThis as any).axe.run();
    return violations.map(({ id, nodes }: any) => ({
      id,
      nodes: nodes.map((node: any) => `${node.html} ${node.failureSummary}`),
    }));
  });
  return found;
}
