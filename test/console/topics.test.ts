// The views of topics in a real browser, with the deliveries of GitHub.
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { misfitsOf } from '../../src/console/views/topics/check-schema.ts';
import { inferSchema } from '../../src/console/views/topics/infer-schema.ts';
import { matchesPattern } from '../../src/console/views/topics/topic-pattern.ts';
import {
  type ConsoleGateway,
  hasBrowser,
  openConsole,
  patient,
  sendDeliveries,
  startConsole,
  violations,
} from './support.ts';

interface Deliveries {
  readonly name: string;
  readonly examples: readonly any[];
}
const kinds: readonly Deliveries[] = createRequire(import.meta.url)('@octokit/webhooks-examples');
const issues = kinds.find(({ name }) => name === 'issues')!.examples;

const stored = (payloads: readonly unknown[]) =>
  payloads.map((payload, index) => ({
    id: String(index),
    createdAt: '2026-01-01T00:00:00Z',
    payload,
    summary: {},
  }));

describe('A schema', () => {
  test('that is inferred fits all that it was inferred from', () => {
    for (const { name, examples } of kinds) {
      const schemas = { payloadSchema: inferSchema(examples), summarySchema: null };
      expect([name, misfitsOf(schemas, stored(examples))]).toEqual([name, []]);
    }
  });

  test('names the place and the reason of the first fault of each event', () => {
    const payloadSchema = { properties: { items: { items: { required: ['sku'] } } } };
    const found = misfitsOf(
      { payloadSchema, summarySchema: null },
      stored([{ items: [{ sku: 1 }, {}] }, {}]),
    );
    expect(found).toMatchObject([{ id: '0', path: 'payload/items/1' }]);
    expect(found[0]!.reason).toContain('sku');
  });

  test('of draft-07 and of draft 2020-12 is read as such', () => {
    const events = stored([{ pair: ['a', 1, true] }]);
    const items = [{ type: 'string' }, { type: 'string' }];
    const older = { $schema: 'http://json-schema.org/draft-07/schema#', properties: { pair: { items } } };
    const newer = { properties: { pair: { prefixItems: items } } };
    for (const payloadSchema of [older, newer])
      expect(misfitsOf({ payloadSchema, summarySchema: null }, events)).toHaveLength(1);
  });
});

test('A topic pattern matches as the gateway’s do', () => {
  expect(matchesPattern('order.*', 'order.line.added')).toBe(true);
  expect(matchesPattern('*.paid', 'order.paid')).toBe(true);
  expect(matchesPattern('a*b*c', 'a.b.b.c')).toBe(true);
  expect(matchesPattern('a*b*c', 'a.c')).toBe(false);
  expect(matchesPattern('aa*aa', 'aaa')).toBe(false);
  expect(matchesPattern('order', 'order.paid')).toBe(false);
});

let gateway: ConsoleGateway;
let page: Page;
let complaints: readonly string[];
beforeAll(async () => {
  if (!hasBrowser) return;
  gateway = await startConsole();
  await sendDeliveries(gateway);
  await gateway.ask('mutation { subscribe(input: {name: "Issues", topics: ["github.iss*"]}) { id } }');
  ({ page, complaints } = await openConsole(gateway, '/topics?prefix=github.is'));
});

describe.skipIf(!hasBrowser)('The topics', () => {
  test('are listed by what they begin with, with how many events they have', async () => {
    const rows = page.getByRole('group', { name: 'Topics' }).getByRole('row');
    await rows
      .filter({ hasText: 'github.issues' })
      .getByText(String(issues.length), { exact: true })
      .waitFor(patient);
    expect(await rows.count()).toBe(3);
    await page.getByLabel('Topics that begin with').fill('github.issues');
    await expect.poll(() => rows.count(), patient).toBe(2);
    expect(page.url()).toContain('prefix=github.issues');
    await rows.getByRole('link', { name: 'github.issues' }).click();
  });

  test('show their inferred schema, rate, consumers and samples', async () => {
    const inferred = page.getByRole('region', { name: 'Inferred schema' });
    await inferred.getByText(`the latest ${issues.length} events`).waitFor(patient);
    await inferred
      .getByRole('treeitem', { name: /^required/ })
      .first()
      .waitFor(patient);
    const rate = page.getByRole('region', { name: 'Rate' });
    await rate.getByText(`${issues.length} events sent`).waitFor(patient);
    await rate.locator('canvas').waitFor(patient);
    await page
      .getByRole('region', { name: 'Consumers' })
      .getByRole('link', { name: 'Issues' })
      .waitFor(patient);
    await page.getByRole('region', { name: 'Producers' }).getByText('not named').waitFor(patient);
    expect(await page.getByRole('region', { name: 'Samples' }).locator('details').count()).toBe(5);
  });

  test('are edited: which stored events would not fit is shown before it is saved', async () => {
    await page.getByRole('button', { name: 'Declare it' }).click();
    const editor = page.getByRole('textbox', { name: 'JSON Schema of payloads' });
    await editor.waitFor(patient);
    await page.getByText(`All of the latest ${issues.length} events would fit.`).waitFor(patient);
    const without = issues.filter((payload) => !('assignee' in payload)).length;
    expect(without).toBeGreaterThan(0);
    await editor.fill('{"required": ["assignee"]}');
    await page.getByText(`${without} of the latest ${issues.length} events would not fit.`).waitFor(patient);
    const misfits = page.getByRole('group', { name: 'Events that would not fit' }).getByRole('row');
    expect(await misfits.nth(1).innerText()).toContain('assignee');
    await page.getByLabel('Title').fill('An issue changed');
    await page.getByRole('button', { name: 'Save the declaration' }).click();
    await page.getByRole('region', { name: 'Declared schemas' }).waitFor(patient);
    await page.getByText('An issue changed').waitFor(patient);
    await expect(
      gateway.ask('mutation { sendEvent(input: {topic: "github.issues", payload: {}}) { event { id } } }'),
    ).rejects.toThrow('TOPIC_SCHEMA_MISMATCH');
  });

  test('take what their events have in common as a schema, at a click', async () => {
    await page.getByRole('button', { name: 'Edit the declaration' }).click();
    await page.getByRole('button', { name: /^Fill in what/ }).click(patient);
    await page.getByText(`All of the latest ${issues.length} events would fit.`).waitFor(patient);
  });

  test('say what the gateway refuses', async () => {
    await page.getByRole('textbox', { name: 'JSON Schema of payloads' }).fill('{"type": "nothing"}');
    await page.getByRole('button', { name: 'Save the declaration' }).click();
    await page.getByRole('alert').getByText('BAD_USER_INPUT').waitFor(patient);
    await page.getByRole('button', { name: 'Cancel' }).click();
  });

  test('cannot be declared with a key that only reads, which does not see their consumers', async () => {
    const key = await gateway.newKey(['events:read']);
    const opened = await openConsole(gateway, '/topics/github.issues?edit=declaration', { key });
    await opened.page.getByText('This key does not see consumers, handlers, subscriptions.').waitFor(patient);
    expect(await opened.page.getByRole('button', { name: 'Edit the declaration' }).count()).toBe(0);
    expect(await opened.page.getByRole('button', { name: 'Save the declaration' }).count()).toBe(0);
  });

  test.each(['light', 'dark'] as const)(
    'have no violations of accessibility in the %s theme',
    async (theme) => {
      await page.goto(`${gateway.url}/console/topics/github.issues`);
      await page.getByRole('region', { name: 'Rate' }).locator('canvas').waitFor(patient);
      await page
        .locator('.loading')
        .first()
        .waitFor({ state: 'detached', ...patient });
      expect(await violations(page, theme)).toEqual([]);
      await page.getByRole('button', { name: 'Edit the declaration' }).click();
      await page.locator('.cm-editor').first().waitFor(patient);
      expect(await violations(page, theme)).toEqual([]);
      await page.getByRole('link', { name: 'Topics' }).first().click();
      await page.getByRole('group', { name: 'Topics' }).waitFor(patient);
      expect(await violations(page, theme)).toEqual([]);
    },
  );

  test('complain of nothing', () => {
    expect(complaints).toEqual([]);
  });
});
