// The views of the system and of retention in a real browser.
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { limits } from '../../src/base/limits.ts';
import { openEmbedded } from '../../src/database/embedded/embedded.ts';
import { sendSql } from '../outbox/support.ts';
import { embeddedTemplate } from '../support/database.ts';
import {
  type ConsoleGateway,
  hasBrowser,
  openConsole,
  patient,
  sendDeliveries,
  startConsole,
  violations,
} from './support.ts';

let gateway: ConsoleGateway;
let page: Page;
let complaints: readonly string[];
beforeAll(async () => {
  if (!hasBrowser) return;
  const database = await openEmbedded('memory://', { from: embeddedTemplate });
  gateway = await startConsole(database);
  await sendDeliveries(gateway);
  await sendSql(database, { topic: 'not a topic', payload: { order: 17 } });
  await sendSql(database, { topic: 'order.paid', finished: 'perhaps' });
  ({ page, complaints } = await openConsole(gateway, '/system'));
});

const dialog = () => page.getByRole('dialog');

describe.skipIf(!hasBrowser)('The system', () => {
  test('shows its gateways and the figures of the database', async () => {
    const gateways = page.getByRole('group', { name: 'Gateways' }).getByRole('row');
    await expect.poll(() => gateways.count(), patient).toBe(2);
    const { system } = await gateway.ask('{ system { gateways { id version } } }');
    const [only] = system.gateways;
    expect(await gateways.nth(1).innerText()).toContain(`${only.id.slice(0, 8)}\t${only.version}`);
    await page.getByText('embedded in the gateway').waitFor(patient);
    await page.getByText(/^from position \d+ to \d+$/).waitFor(patient);
  });

  test('shows what the outbox refused and why, with its input, and discards it', async () => {
    const failures = page.getByRole('group', { name: 'Refused events of the outbox' }).getByRole('row');
    await expect.poll(() => failures.count(), patient).toBe(3);
    const first = failures.filter({ hasText: 'not a topic' });
    await first.getByText('BAD_USER_INPUT').waitFor(patient);
    await first.getByRole('button', { name: 'Input' }).click();
    await first.getByText('17').waitFor(patient);
    await first.getByRole('button', { name: /^Discard/ }).click();
    await expect.poll(() => failures.count(), patient).toBe(2);
    await page.getByRole('button', { name: 'Discard the failures…' }).click();
    await dialog().getByRole('button', { name: 'Discard 1 event' }).click();
    await expect.poll(() => failures.count(), patient).toBe(0);
    const { outbox } = await gateway.ask('{ outbox { failed { id } } }');
    expect(outbox.failed).toEqual([]);
  });

  test('shows all limits of this version, searched in the address', async () => {
    const rows = page.getByRole('group', { name: 'Limits' }).getByRole('row');
    await expect.poll(() => rows.count(), patient).toBe(Object.keys(limits).length + 1);
    await page.getByLabel('Search limits').fill('batchItems');
    await expect.poll(() => rows.count(), patient).toBe(2);
    expect(await rows.nth(1).innerText()).toContain(
      `batchItems\t${limits.batchItems.toLocaleString('en-US')}`,
    );
    expect(page.url()).toContain('limit=batchItems');
  });

  test('shows no outbox to a key without the scope admin', async () => {
    const key = await gateway.newKey(['metrics:read']);
    const opened = await openConsole(gateway, '/system', { key });
    await opened.page.getByText('embedded in the gateway').waitFor(patient);
    expect(await opened.page.getByRole('heading', { name: 'Outbox' }).count()).toBe(0);
    expect(opened.complaints).toEqual([]);
  });
});

describe.skipIf(!hasBrowser)('Retention', () => {
  const rules = () => page.getByRole('group', { name: 'Rules' }).getByRole('row');

  test('says how many events a rule would purge while it is entered, and adds it', async () => {
    await page.getByRole('navigation').getByRole('link', { name: 'Retention' }).click();
    await page.getByRole('heading', { name: 'Everything is kept' }).waitFor(patient);
    await page.getByRole('button', { name: 'Add a rule…' }).click();
    await dialog().getByLabel('Topics').fill('github.issues');
    await dialog().getByText('0 events are older now').waitFor(patient);
    await dialog().getByLabel('Keep for how many days').fill('0');
    const { events } = await gateway.ask(
      '{ events(first: 0, filter: {topics: ["github.issues"]}) { totalCount } }',
    );
    await dialog().getByText(`${events.totalCount} events are older now`).waitFor(patient);
    await dialog().getByRole('button', { name: 'Add' }).click();
    await rules().filter({ hasText: 'github.issues' }).getByText('not yet').waitFor(patient);
  });

  test('purges at once after a count and a question', async () => {
    const { purge } = await gateway.ask('mutation { purge(dryRun: true) { count } }');
    expect(purge.count).toBeGreaterThan(0);
    await page.getByRole('button', { name: 'Purge now…' }).click();
    await dialog()
      .getByRole('button', { name: `Purge ${purge.count} events` })
      .click(patient);
    await dialog().waitFor({ state: 'detached', ...patient });
    await rules()
      .filter({ hasText: 'github.issues' })
      .getByText(String(purge.count), { exact: true })
      .waitFor(patient);
    const { events } = await gateway.ask(
      '{ events(first: 0, filter: {topics: ["github.issues"]}) { totalCount } }',
    );
    expect(events.totalCount).toBe(0);
  });

  test('changes and removes a rule, and keeps the others', async () => {
    await page.getByRole('button', { name: 'Add a rule…' }).click();
    await dialog().getByLabel('Topics').fill('github.push, github.fork');
    await dialog().getByLabel('Only these projects').fill('github');
    await dialog().getByRole('button', { name: 'Add' }).click();
    await page.getByRole('button', { name: 'Edit the rule of github.issues' }).click(patient);
    await dialog().getByLabel('Keep for how many days').fill('30.5');
    await dialog().getByRole('checkbox', { name: 'aborted' }).uncheck();
    await dialog().getByRole('button', { name: 'Save' }).click();
    await rules().filter({ hasText: '30.5' }).waitFor(patient);
    const { retention } = await gateway.ask('{ retention { topics projects statuses keepDays } }');
    expect(retention).toEqual([
      { topics: ['github.issues'], projects: null, statuses: ['FINISHED', 'FAILED'], keepDays: 30.5 },
      { topics: ['github.fork', 'github.push'], projects: ['github'], statuses: null, keepDays: 90 },
    ]);
    await page.getByRole('button', { name: 'Remove the rule of github.issues' }).click();
    await dialog().getByRole('button', { name: 'Remove' }).click();
    await expect.poll(() => rules().count(), patient).toBe(2);
  });

  test('only shows its rules to a key that reads figures', async () => {
    const opened = await openConsole(gateway, '/retention', { key: await gateway.newKey(['metrics:read']) });
    await opened.page.getByText('github.push').waitFor(patient);
    expect(await opened.page.locator('main').getByRole('button').count()).toBe(0);
    expect(opened.complaints).toEqual([]);
  });
});

describe.skipIf(!hasBrowser)('The views of the system and of retention', () => {
  test.each(['light', 'dark'] as const)(
    'have no violations of accessibility in the %s theme',
    async (theme) => {
      await page.goto(`${gateway.url}/console/system`);
      await page.getByRole('group', { name: 'Limits' }).waitFor(patient);
      expect(await violations(page, theme)).toEqual([]);
      await page.getByRole('navigation').getByRole('link', { name: 'Retention' }).click();
      await page.getByRole('group', { name: 'Rules' }).waitFor(patient);
      expect(await violations(page, theme)).toEqual([]);
      await page.getByRole('button', { name: 'Add a rule…' }).click();
      expect(await violations(page, theme)).toEqual([]);
      await page.keyboard.press('Escape');
    },
  );

  test('and all others with tables fit a screen of 375 px, and one of 1280 px at 200 %', async () => {
    await gateway.ask(`mutation {
      subscribe(input: {name: "All", topics: ["github.*"], ack: MANUAL, where: "data.action == 'opened'"}) { id }
      createTrigger(input: {name: "nightly", schedule: {cron: "0 2 * * *"}}) { id }
      createKey(input: {name: "reader", scopes: ["events:read"]}) { secret }
      enroll(input: {sourceTopics: ["none"], targetTopic: "never", worker: "worker-1"}) { attempt }
    }`);
    const wide: string[] = [];
    for (const width of [375, 640]) {
      await page.setViewportSize({ width, height: 450 });
      for (const view of [
        'consumers',
        'subscriptions',
        'handlers',
        'triggers',
        'topics',
        'keys',
        'audit',
        'system',
      ]) {
        await page.goto(`${gateway.url}/console/${view}`);
        await page.locator('main').locator('table, .empty').first().waitFor(patient);
        const beyond = await page.evaluate(() => {
          const main = document.querySelector('main')!;
          const { scrollWidth, scrollHeight } = document.documentElement;
          return [main.scrollWidth - main.clientWidth, scrollWidth - innerWidth, scrollHeight - innerHeight];
        });
        if (beyond.some((px) => px > 0)) wide.push(`${view} at ${width} px: ${beyond.join(', ')}`);
      }
    }
    expect(wide).toEqual([]);
  });

  test('complain of nothing', () => {
    expect(complaints).toEqual([]);
  });
});
