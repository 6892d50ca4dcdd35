// The frame of the console in a real browser: signing in and out, what a key is offered, themes and narrow screens.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { openEmbedded } from '../../src/database/embedded/embedded.ts';
import { openPage } from '../browser/browser.ts';
import { embeddedTemplate } from '../support/database.ts';
import {
  adminKey,
  type ConsoleGateway,
  hasBrowser,
  openConsole,
  patient,
  startConsole,
  violations,
} from './support.ts';

let gateway: ConsoleGateway;
beforeAll(async () => {
  if (hasBrowser) gateway = await startConsole();
});

describe.skipIf(!hasBrowser)('The console', () => {
  test('asks for a key, refuses a wrong one, and shows the overview with a right one', async () => {
    const { page, complaints } = await openPage(`${gateway.url}/`);
    await page.getByLabel('API key or token').fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('The gateway does not accept this key.').waitFor(patient);
    expect(page.url()).toBe(`${gateway.url}/console/`);
    await page.getByLabel('API key or token').fill(adminKey);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Overview' }).waitFor(patient);
    // The browser itself reports each 401.
    expect(complaints.filter((text) => !text.includes('401'))).toEqual([]);
    await page.reload();
    await page.getByRole('heading', { name: 'Overview' }).waitFor(patient);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('API key or token').waitFor(patient);
  });

  test('offers a key only the views that its scopes allow', async () => {
    const key = await gateway.newKey(['events:read']);
    const { page } = await openConsole(gateway, '/', { key });
    const navigation = page.getByRole('navigation', { name: 'Views' });
    await navigation.getByRole('link', { name: 'Events' }).waitFor(patient);
    expect(await navigation.getByRole('link', { name: 'Keys' }).count()).toBe(0);
    expect(await navigation.getByRole('link', { name: 'Send' }).count()).toBe(0);
  });

  test('says that there is no consumer where an address has no id', async () => {
    const { page } = await openConsole(gateway, '/consumers/xyz');
    await page.getByRole('heading', { name: 'There is no such consumer' }).waitFor(patient);
    expect(await page.getByRole('alert').count()).toBe(0);
  });

  test('names the scope that a key lacks for a page to which a link led', async () => {
    const key = await gateway.newKey(['events:read']);
    for (const path of ['/consumers/anything', '/audit', '/triggers']) {
      const { page, complaints } = await openConsole(gateway, path, { key });
      await page.getByText('This page needs a key with the scope').waitFor(patient);
      expect(complaints).toEqual([]);
    }
  });

  test('says on any page that the gateway is away, and opens pages meanwhile', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'throughline-console-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const first = await startConsole(await openEmbedded(folder, { from: embeddedTemplate }));
    const { page } = await openConsole(first, '/topics');
    const views = page.waitForResponse(/assets\/system-.*\.js$/);
    await page.getByRole('heading', { name: 'Topics' }).waitFor(patient);
    await views;
    await first.stop();
    const away = page.getByText('The gateway is away.');
    await away.waitFor(patient);
    await page.getByRole('link', { name: 'System' }).click();
    await page.getByRole('heading', { name: 'System' }).waitFor(patient);
    expect(await away.isVisible()).toBe(true);
    await startConsole(await openEmbedded(folder), { port: Number(new URL(first.url).port) });
    await expect.poll(() => away.count(), patient).toBe(0);
  });

  test('needs no other documents than those of its manifest, where only trusted documents run', async () => {
    const trusted = await startConsole(undefined, { trustedDocumentsFile: 'dist/console/documents.json' });
    const key = await trusted.newKey(['events:read', 'consumers', 'metrics:read']);
    const { page, complaints } = await openConsole(trusted, '/events', { key });
    for (const name of ['Events', 'Overview', 'Chains', 'Consumers', 'System']) {
      await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name }).click(patient);
      await page.getByRole('heading', { name, level: 1 }).waitFor(patient);
      await expect.poll(() => page.getByText('Loading').count(), patient).toBe(0);
      expect(await page.getByRole('alert').allInnerTexts()).toEqual([]);
    }
    expect(complaints).toEqual([]);
    await expect(trusted.ask('{ position }', {}, key)).rejects.toThrow('FORBIDDEN');
  });

  test('asks again when its key is revoked', async () => {
    const { createKey } = await gateway.ask(
      'mutation { createKey(input: {name: "to be revoked", scopes: ["events:read"]}) { secret key { id } } }',
    );
    const { page } = await openConsole(gateway, '/events', { key: createKey.secret });
    await page.getByRole('heading', { name: 'Events' }).waitFor(patient);
    // Its live stream ends with the key.
    await gateway.ask('mutation ($id: ID!) { revokeKey(id: $id) { id } }', { id: createKey.key.id });
    await page.getByText('The key is no longer valid. Sign in again.').waitFor(patient);
  });

  test('shows GraphiQL in its frame, signed in', async () => {
    const { page } = await openConsole(gateway, '/graphiql');
    const frame = page.frameLocator('iframe[title=GraphiQL]');
    await frame.locator('.graphiql-container').first().waitFor(patient);
    expect(await frame.getByRole('textbox', { name: 'API key' }).isVisible()).toBe(false);
  });

  test.each(['light', 'dark'] as const)(
    'has no violations of accessibility in the %s theme',
    async (theme) => {
      const { page, complaints } = await openConsole(gateway, '/');
      await page.getByRole('heading', { name: 'Overview' }).waitFor(patient);
      expect(await violations(page, theme)).toEqual([]);
      expect(complaints).toEqual([]);
    },
  );

  test('fits a screen of 375 px, where its navigation is behind a button', async () => {
    const { page } = await openConsole(gateway, '/', { viewport: { width: 375, height: 700 } });
    await page.getByRole('button', { name: 'Menu' }).click();
    const navigation = page.getByRole('navigation', { name: 'Views' });
    await navigation.getByRole('link', { name: 'Events' }).click();
    await page.getByRole('heading', { name: 'Events' }).waitFor(patient);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(375);
  });
});
