// The views of keys and of the audit in a real browser.
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { scopeMeanings, scopePresets } from '../../src/console/views/keys/scopes.ts';
import { operations } from '../../src/console/views/audit/audit-entry.ts';
import { auditedChanges } from '../../src/operations/access/audited-changes.ts';
import * as domain from '../../src/domain/access/scopes.ts';
import {
  adminKey,
  type ConsoleGateway,
  hasBrowser,
  openConsole,
  patient,
  startConsole,
  violations,
} from './support.ts';

test('The console names the scopes and presets of the gateway', () => {
  expect(scopeMeanings).toEqual(domain.scopeMeanings);
  expect(scopePresets).toEqual(domain.scopePresets);
});

test('The console names every operation that the audit records', () => {
  expect(Object.keys(operations).sort()).toEqual([...Object.keys(auditedChanges), 'refused'].sort());
});

let gateway: ConsoleGateway;
let page: Page;
let complaints: readonly string[];
beforeAll(async () => {
  if (!hasBrowser) return;
  gateway = await startConsole();
  ({ page, complaints } = await openConsole(gateway, '/keys'));
});

const dialog = () => page.getByRole('dialog');
const row = (name: string) => page.getByRole('row', { name: new RegExp(`^${name} `) });

/** The secret that the dialog shows, which is then closed. */
async function takeSecret(): Promise<string> {
  await dialog().getByText('cannot be shown again').waitFor(patient);
  const secret = await dialog().locator('pre').innerText();
  await dialog().getByRole('button', { name: 'I have it' }).click();
  await dialog().waitFor({ state: 'detached', ...patient });
  return secret;
}

const viewerOf = async (key: string) =>
  (await gateway.ask('{ viewer { name scopes projects topics } }', {}, key)).viewer;

describe.skipIf(!hasBrowser)('A key', () => {
  let secret: string;

  test('is created with a preset and restrictions, and its secret is shown once', async () => {
    await page.getByRole('heading', { name: 'There are no keys yet' }).waitFor(patient);
    await page.getByRole('button', { name: 'New key…' }).click();
    await dialog().getByLabel('Name').fill('order-service');
    await dialog().getByLabel('Preset').selectOption('sender');
    await dialog().getByRole('checkbox', { name: 'subscriptions' }).check();
    expect(await dialog().getByLabel('Preset').inputValue()).toBe('custom');
    await dialog().getByLabel('Only these projects').fill('shop, depot');
    await dialog().getByLabel('Only these topics').fill('order.*');
    await dialog().getByLabel('Requests a minute').fill('600');
    await dialog().getByRole('button', { name: 'Create' }).click();
    secret = await takeSecret();
    expect(await viewerOf(secret)).toEqual({
      ...{ name: 'order-service', scopes: ['events:send', 'subscriptions'] },
      ...{ projects: ['depot', 'shop'], topics: ['order.*'] },
    });
    await row('order-service').getByText('600 requests a minute').waitFor(patient);
    expect(await page.content()).not.toContain(secret);
  });

  test('of a name that is taken is refused with a reason', async () => {
    await page.getByRole('button', { name: 'New key…' }).click();
    await dialog().getByLabel('Name').fill('order-service');
    await dialog().getByRole('button', { name: 'Create' }).click();
    await dialog().getByRole('alert').getByText('BAD_USER_INPUT').waitFor(patient);
    await dialog().getByRole('button', { name: 'Cancel' }).click();
  });

  test('is rotated: the present secret works on for the grace that was chosen', async () => {
    await row('order-service').getByRole('button', { name: 'Rotate' }).click();
    await dialog().getByLabel('The present secret').selectOption('3600');
    await dialog().getByRole('button', { name: 'Rotate' }).click();
    const fresh = await takeSecret();
    expect(fresh).not.toBe(secret);
    expect((await viewerOf(fresh)).name).toBe('order-service');
    expect((await viewerOf(secret)).name).toBe('order-service');
    secret = fresh;
  });

  test('is revoked after a question, and listed among the revoked ones', async () => {
    await row('order-service').getByRole('button', { name: 'Revoke' }).click();
    await dialog().getByRole('button', { name: 'Revoke' }).click();
    await dialog().waitFor({ state: 'detached', ...patient });
    await row('order-service').waitFor({ state: 'detached', ...patient });
    await expect(viewerOf(secret)).rejects.toThrow('UNAUTHENTICATED');
    await page.getByLabel('Revoked ones').check();
    await row('order-service').getByText('revoked').waitFor(patient);
    await page.getByLabel('Revoked ones').uncheck();
  });

  test('makes tokens of no more than it may do itself', async () => {
    await page.getByRole('button', { name: 'New token…' }).click();
    await dialog().getByLabel('For whom').fill('ann');
    await dialog().getByLabel('Only these requests').fill('order-1041');
    await dialog().getByRole('button', { name: 'Create' }).click();
    const token = await takeSecret();
    expect(await viewerOf(token)).toMatchObject({ name: 'ann', scopes: ['events:read'] });
  });

  test('is offered only the scopes that it has, and no change of a stronger key', async () => {
    await gateway.newKey(['admin']);
    const key = await gateway.newKey(['keys', 'events:read']);
    const opened = await openConsole(gateway, '/keys', { key });
    const keys = opened.page.getByRole('group', { name: 'Keys' });
    await keys.getByText('admin', { exact: true }).first().waitFor(patient);
    const stronger = keys
      .getByRole('row')
      .filter({ has: opened.page.locator('code', { hasText: /^admin$/ }) });
    expect(await stronger.getByRole('button').count()).toBe(0);
    await opened.page.getByRole('button', { name: 'New key…' }).click();
    const offered = await opened.page.getByRole('dialog').getByRole('checkbox').count();
    expect(offered).toBe(2);
    expect(opened.complaints).toEqual([]);
  });
});

describe.skipIf(!hasBrowser)('The audit', () => {
  const entries = () => page.getByRole('group', { name: 'Audit' }).getByRole('row');

  test('shows who did what, and new changes at once, with what was before and after', async () => {
    await page.getByRole('navigation').getByRole('link', { name: 'Audit' }).click();
    await entries().filter({ hasText: 'created an access token' }).waitFor(patient);
    const declare = (title: string) =>
      gateway.ask('mutation ($input: DeclareTopicInput!) { declareTopic(input: $input) { name } }', {
        input: { name: 'order.paid', title },
      });
    await declare('Paid');
    await declare('An order was paid');
    const changed = entries().filter({ hasText: 'An order was paid' });
    await changed.waitFor(patient);
    expect(await changed.locator('del').allInnerTexts()).toEqual(['Paid']);
    expect(await changed.locator('ins').allInnerTexts()).toEqual(['An order was paid']);
    expect(await changed.getByRole('cell').nth(1).innerText()).toContain('admin');
    await changed.getByRole('link', { name: 'order.paid' }).waitFor(patient);
  });

  test('shows refusals with the scope that was missing', async () => {
    const key = await gateway.newKey(['events:read']);
    await gateway.ask('mutation { declareTopic(input: {name: "a"}) { name } }', {}, key).catch(() => {});
    const refused = entries().filter({ hasText: 'was refused' }).filter({ hasText: 'FORBIDDEN' });
    await refused.waitFor(patient);
    expect(await refused.innerText()).toContain('topics');
  });

  test('is narrowed to an operation and a key, in the address', async () => {
    await page.getByLabel('What').selectOption('declareTopic');
    await expect.poll(() => entries().count(), patient).toBe(3);
    expect(page.url()).toContain('operation=declareTopic');
    await page.getByLabel('Who').fill('nobody');
    await page.getByText('No entry is of this kind.').waitFor(patient);
  });

  test('never holds a secret', async () => {
    const { events } = await gateway.ask(
      '{ events(first: 200, filter: {topics: ["throughline.audit.*"]}) { nodes { payload summary } } }',
    );
    expect(JSON.stringify(events)).not.toMatch(/tl_\w{8}_|eyJ/);
    expect(JSON.stringify(events)).not.toContain(adminKey);
  });
});

describe.skipIf(!hasBrowser)('The views of keys and of the audit', () => {
  test.each(['light', 'dark'] as const)(
    'have no violations of accessibility in the %s theme',
    async (theme) => {
      await page.goto(`${gateway.url}/console/audit`);
      await page.getByRole('group', { name: 'Audit' }).waitFor(patient);
      expect(await violations(page, theme)).toEqual([]);
      await page.getByRole('navigation').getByRole('link', { name: 'Keys' }).click();
      await page.getByRole('group', { name: 'Keys' }).waitFor(patient);
      expect(await violations(page, theme)).toEqual([]);
      await page.getByRole('button', { name: 'New key…' }).click();
      expect(await violations(page, theme)).toEqual([]);
      await page.keyboard.press('Escape');
    },
  );

  test('complain of nothing', () => {
    expect(complaints).toEqual([]);
  });
});
