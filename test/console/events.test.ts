// The list of events in a real browser: searched, followed live, moved through with keys, and changed in bulk.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { openEmbedded } from '../../src/database/embedded/embedded.ts';
import { embeddedTemplate } from '../support/database.ts';
import {
  type ConsoleGateway,
  hasBrowser,
  openConsole,
  patient,
  startConsole,
  violations,
} from './support.ts';

let gateway: ConsoleGateway;
beforeAll(async () => {
  if (!hasBrowser) return;
  gateway = await startConsole();
  const input = Array.from({ length: 1_500 }, (_, index) => ({
    topic: ['order.paid', 'order.shipped', 'mail.send'][index % 3],
    project: 'shop',
    sender: 'checkout',
    requestId: `order-${Math.floor(index / 3)}`,
    finished: index % 3 !== 2,
    payload: { orderId: index, total: index % 500, customer: { name: 'Ada' } },
  }));
  await sendAll(input);
});

async function sendAll(input: readonly object[]): Promise<readonly string[]> {
  const { sendEvents } = await gateway.ask(
    'mutation ($input: [SendEventInput!]!) { sendEvents(input: $input) { events { id } errors { message } } }',
    { input },
  );
  expect(sendEvents.errors).toEqual([]);
  return sendEvents.events.map(({ id }: { id: string }) => id);
}

/** Rows that are loaded. */
const rows = (page: Page) => page.locator('.virtual-row:not(.is-loading)');
const topics = (page: Page) => page.locator('.virtual-row .row-link').allTextContents();
const searchBox = (page: Page) => page.getByRole('textbox', { name: 'Search events' });

/** Does it again and again until the page shows the text. */
async function eventuallyShown(page: Page, text: string, again: () => Promise<unknown>): Promise<void> {
  const shown = page.getByText(text);
  const end = Date.now() + patient.timeout;
  while (Date.now() < end && !(await shown.isVisible())) {
    await again();
    await shown.waitFor({ timeout: 1_000 }).catch(() => {});
  }
  expect(await shown.isVisible()).toBe(true);
}

async function countOf(filter: object): Promise<number> {
  const { events } = await gateway.ask(
    'query ($filter: EventFilter) { events(filter: $filter) { totalCount } }',
    {
      filter,
    },
  );
  return events.totalCount;
}

describe.skipIf(!hasBrowser)('The list of events', () => {
  test('is searched with tokens and an expression, which stand in its address', async () => {
    const { page, complaints } = await openConsole(gateway, '/events');
    await rows(page).first().waitFor(patient);
    await searchBox(page).fill('topic:order.* data.orderId >= 1490');
    await expect.poll(() => rows(page).count(), patient).toBe(6);
    expect(new Set(await topics(page))).toEqual(new Set(['order.paid', 'order.shipped']));
    expect(new URL(page.url()).searchParams.get('q')).toBe('topic:order.* data.orderId >= 1490');
    await page.reload();
    await expect.poll(() => rows(page).count(), patient).toBe(6);
    expect(complaints).toEqual([]);
  });

  test('says what is wrong with a search and mends it by a click', async () => {
    const { page } = await openConsole(gateway, '/events');
    await searchBox(page).fill('tpoic:order.paid topic.endWith("paid")');
    await page.getByText('There is no field tpoic.').waitFor(patient);
    await page.getByText(/unknown function endWith/).waitFor(patient);
    await page.getByRole('button', { name: 'Use topic' }).click();
    await page.getByRole('button', { name: 'Use endsWith' }).click();
    await expect.poll(async () => new Set(await topics(page)), patient).toEqual(new Set(['order.paid']));
    expect(await searchBox(page).textContent()).toBe('topic:order.paid topic.endsWith("paid")');
  });

  test('offers the searches that a word which nothing contains may have meant', async () => {
    const { page, complaints } = await openConsole(gateway, '/events?q=order-7');
    await page.getByRole('button', { name: 'request:order-7' }).click(patient);
    await page.waitForURL(/q=request%3Aorder-7/, patient);
    await rows(page).nth(2).waitFor(patient);
    expect(await rows(page).count()).toBe(3);
    expect(complaints).toEqual([]);
  });

  test('lists nothing for a search with a mistake', async () => {
    const { page } = await openConsole(gateway, '/events?q=since%3Abanana');
    await page.getByText('Nothing is listed until the search is mended.').waitFor(patient);
    expect(await rows(page).count()).toBe(0);
  });

  test('shows the progress of an event as it is reported', async () => {
    await sendAll([{ topic: 'print.asked' }]);
    const { enroll: job } = await gateway.ask(`mutation {
      enroll(input: {sourceTopics: ["print.asked"], targetTopic: "print", worker: "w"}) { attempt event { id } }
    }`);
    const { page } = await openConsole(gateway, '/events?q=topic%3Aprint');
    await rows(page).first().waitFor(patient);
    const report = 'mutation ($input: UpdateEventInput!) { updateEvent(input: $input) { id } }';
    for (const progress of [40, 70]) {
      // Progress is broadcast only: what is reported before the page listens is not shown.
      await eventuallyShown(page, `${progress} %`, () =>
        gateway.ask(report, {
          input: { id: job.event.id, attempt: job.attempt, status: 'IN_PROGRESS', progress },
        }),
      );
    }
  });

  test('completes fields, topics and the paths of payloads', async () => {
    const { page } = await openConsole(gateway, '/events');
    await searchBox(page).click();
    await page.keyboard.type('topic:order.p');
    // Keys are taken by a list of completions only some time after it appeared; a click is at once.
    await page.getByRole('option', { name: 'order.paid' }).click(patient);
    await page.keyboard.type(' data.customer.n');
    await page.getByRole('option', { name: 'data.customer.name' }).waitFor(patient);
  });

  test('shows at once what is sent while it is at its top, and counts it while it is scrolled or paused', async () => {
    const { page } = await openConsole(gateway, '/events?q=topic:live.*');
    await page.getByRole('heading', { name: 'No event matches' }).waitFor(patient);
    await sendAll(Array.from({ length: 60 }, (_, index) => ({ topic: 'live.one', payload: { index } })));
    await rows(page).first().waitFor(patient);
    const scroller = page.locator('.virtual-scroll');
    await scroller.evaluate((element) => (element.scrollTop = 700));
    await expect.poll(() => page.locator('[aria-rowindex="25"]').count(), patient).toBe(1);
    const before = await page.locator('[aria-rowindex="25"] a').first().getAttribute('href');
    await sendAll([{ topic: 'live.two' }, { topic: 'live.two' }]);
    await page.getByRole('button', { name: '2 new' }).waitFor(patient);
    expect(await scroller.evaluate((element) => element.scrollTop)).toBe(700);
    expect(await page.locator('[aria-rowindex="25"] a').first().getAttribute('href')).toBe(before);
    await page.getByRole('button', { name: '2 new' }).click();
    await expect
      .poll(async () => (await topics(page)).slice(0, 3), patient)
      .toEqual(['live.two', 'live.two', 'live.one']);
    await page.getByRole('button', { name: 'Pause' }).click();
    await sendAll([{ topic: 'live.three' }]);
    await page.getByRole('button', { name: '1 new' }).waitFor(patient);
    expect(await topics(page)).not.toContain('live.three');
    await page.getByRole('button', { name: 'Resume' }).click();
    await expect.poll(() => topics(page), patient).toContain('live.three');
  });

  test('shows the new status of an event that is listed', async () => {
    const [id] = await sendAll([{ topic: 'watched.one', finished: false }]);
    const { page } = await openConsole(gateway, '/events?q=topic:watched.one');
    await page.locator('.virtual-row .status', { hasText: 'pending' }).waitFor(patient);
    await gateway.ask('mutation ($input: UpdateEventInput!) { updateEvent(input: $input) { id } }', {
      input: { id, status: 'FAILED', error: { message: 'no such mailbox' } },
    });
    await page.locator('.virtual-row .status', { hasText: 'failed' }).waitFor(patient);
    await page.locator('.virtual-row', { hasText: 'no such mailbox' }).waitFor(patient);
  });

  test('keeps a bounded part of a long list while it is scrolled to its end', async () => {
    const { page } = await openConsole(gateway, '/events?q=project:shop');
    await rows(page).first().waitFor(patient);
    const scroller = page.locator('.virtual-scroll');
    const scroll = () => scroller.evaluate((element) => (element.scrollTop = element.scrollHeight));
    await expect
      .poll(async () => {
        await scroll();
        return page.getByText('1,500 events. That is all.').count();
      }, patient)
      .toBe(1);
    expect(await rows(page).count()).toBeLessThan(80);
    await scroller.evaluate((element) => (element.scrollTop = 0));
    await page.locator('[aria-rowindex="2"] .row-link').waitFor(patient);
  });

  test('says that the gateway is away, and misses nothing of what was sent around its restart', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'throughline-console-'));
    const first = await startConsole(await openEmbedded(folder, { from: embeddedTemplate }));
    const send = (from: ConsoleGateway, topic: string) =>
      from.ask('mutation ($input: SendEventInput!) { sendEvent(input: $input) { event { id } } }', {
        input: { topic },
      });
    await send(first, 'around.before');
    const { page } = await openConsole(first, '/events?q=topic:around.*');
    await rows(page).first().waitFor(patient);
    await first.stop();
    await page.getByText('The gateway is away.').waitFor(patient);
    const second = await startConsole(await openEmbedded(folder), { port: Number(new URL(first.url).port) });
    await send(second, 'around.after');
    await expect.poll(() => topics(page), patient).toEqual(['around.after', 'around.before']);
    await expect.poll(() => page.getByText('The gateway is away.').count(), patient).toBe(0);
    await send(second, 'around.live');
    await expect.poll(() => topics(page), patient).toContain('around.live');
    await second.stop();
    rmSync(folder, { recursive: true });
  });

  test('is found as it was by who comes back from an event, with the count of what is new', async () => {
    const { page } = await openConsole(gateway, '/events?q=project:shop');
    await rows(page).first().waitFor(patient);
    const scroller = page.locator('.virtual-scroll');
    await scroller.evaluate((element) => (element.scrollTop = 3_400));
    const link = page.locator('[aria-rowindex="110"] .row-link');
    const path = await link.getAttribute('href', patient);
    await link.click();
    await page.getByRole('treeitem').first().waitFor(patient);
    await sendAll([{ topic: 'order.late', project: 'shop' }]);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: '1 new' }).waitFor(patient);
    expect(await link.getAttribute('href', patient)).toBe(path);
    expect(await scroller.evaluate((element) => element.scrollTop)).toBe(3_400);
  });

  test('is used with the keyboard alone', async () => {
    const { page } = await openConsole(gateway, '/events?q=topic:order.*');
    await rows(page).first().waitFor(patient);
    await page.keyboard.press('/');
    await expect
      .poll(() => searchBox(page).evaluate((box) => box === document.activeElement), patient)
      .toBe(true);
    await page.keyboard.press('Escape');
    await page.keyboard.press('j');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('k');
    await page.keyboard.press('j');
    const active = page.locator('.virtual-row[aria-current=true]');
    await expect.poll(() => active.getAttribute('aria-rowindex'), patient).toBe('3');
    await page.keyboard.press('x');
    await page.getByText('1 event selected').waitFor(patient);
    const path = await active.locator('.row-link').getAttribute('href');
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.pathname === path, patient);
  });

  test('aborts what is selected after it said how many, and restarts all of a search', async () => {
    await sendAll(Array.from({ length: 4 }, () => ({ topic: 'bulk.job', finished: false })));
    await sendAll([{ topic: 'bulk.fact' }]);
    const { page } = await openConsole(gateway, '/events?q=topic:bulk.*');
    await expect.poll(() => rows(page).count(), patient).toBe(5);
    for (const index of [2, 3, 4]) await page.locator(`[aria-rowindex="${index}"] input`).check();
    await page.getByRole('button', { name: 'Abort…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('2 events will be aborted.').waitFor(patient);
    expect(await countOf({ topics: ['bulk.*'], statuses: ['ABORTED'] })).toBe(0);
    await dialog.getByRole('button', { name: 'Abort 2' }).click();
    await dialog.getByText('2 of 2 aborted.').waitFor(patient);
    await dialog.getByRole('button', { name: 'Close', exact: true }).last().click();
    await expect.poll(() => page.locator('.virtual-row .status-aborted').count(), patient).toBe(2);
    await page.locator('[aria-rowindex="2"] input').check();
    await page.getByRole('button', { name: 'Select all of this search' }).click();
    await page.getByRole('button', { name: 'Restart…' }).click();
    await dialog.getByText('3 events will be restarted.').waitFor(patient);
    await dialog.getByRole('button', { name: 'Restart 3' }).click();
    await dialog.getByText('3 of 3 restarted.').waitFor(patient);
    expect(await countOf({ topics: ['bulk.*'], statuses: ['RESTARTED'] })).toBe(3);
  });

  test('keeps views under a name, and shows the columns that are chosen', async () => {
    const { page } = await openConsole(gateway, '/events?q=topic:mail.send');
    await rows(page).first().waitFor(patient);
    await page.getByRole('button', { name: 'Columns' }).click();
    await page.getByRole('menuitemcheckbox', { name: 'Priority' }).click();
    await page.keyboard.press('Escape');
    await page.getByRole('columnheader', { name: 'Priority' }).waitFor(patient);
    await page.getByRole('button', { name: 'Views' }).click();
    await page.getByRole('menuitem', { name: 'Save this view…' }).click();
    await page.getByLabel('Name').fill('Mails');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('button', { name: 'Views' }).click();
    await page.getByRole('menuitem', { name: 'Running now' }).click();
    await page.waitForURL(/status/, patient);
    await page.getByRole('button', { name: 'Views' }).click();
    await page.getByRole('menuitem', { name: 'Mails' }).click();
    await page.waitForURL(/mail\.send/, patient);
    await page.getByRole('columnheader', { name: 'Priority' }).waitFor(patient);
  });

  test('offers a key that may only read no changes', async () => {
    const key = await gateway.newKey(['events:read']);
    const { page } = await openConsole(gateway, '/events', { key });
    await rows(page).first().waitFor(patient);
    expect(await page.getByRole('checkbox').count()).toBe(0);
    await page.locator('.virtual-row .row-link').first().click();
    await page.getByRole('button', { name: 'Copy as…' }).waitFor(patient);
    for (const name of ['Restart…', 'Abort…', 'Delete…', 'Send again…'])
      expect(await page.getByRole('button', { name }).count()).toBe(0);
  });

  test('has no violations of accessibility in both themes', async () => {
    const { page, complaints } = await openConsole(gateway, '/events?q=topic:order.*%20data.total%20>%201');
    await rows(page).first().waitFor(patient);
    await page.getByRole('button', { name: 'Help' }).click();
    await page.locator('[aria-rowindex="2"] input').check();
    await searchBox(page).waitFor(patient);
    for (const theme of ['light', 'dark'] as const) expect(await violations(page, theme)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test('fits a screen of 375 px', async () => {
    const { page } = await openConsole(gateway, '/events', { viewport: { width: 375, height: 700 } });
    await rows(page).first().waitFor(patient);
    await searchBox(page).waitFor(patient);
    expect(await page.evaluate(() => document.querySelector('main')!.scrollWidth)).toBeLessThanOrEqual(375);
  });
});
