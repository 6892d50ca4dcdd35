// The chains of the console in a real browser: finding a request, and what it caused, in all its forms at once.
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  type ConsoleGateway,
  hasBrowser,
  openConsole,
  patient,
  startConsole,
  violations,
} from '../support.ts';

let gateway: ConsoleGateway;

async function send(input: readonly object[]): Promise<string[]> {
  const { sendEvents } = await gateway.ask(
    'mutation ($input: [SendEventInput!]!) { sendEvents(input: $input) { events { id } errors { message } } }',
    { input },
  );
  expect(sendEvents.errors).toEqual([]);
  return sendEvents.events.map(({ id }: { id: string }) => id);
}

async function update(input: readonly object[]): Promise<void> {
  await gateway.ask(
    'mutation ($input: [UpdateEventInput!]!) { updateEvents(input: $input) { errors { message } } }',
    { input },
  );
}

/** An order that causes an invoice, eight reservations of which two fail, and a parcel that fails. */
async function sendOrder(requestId: string): Promise<Record<'order' | 'parcel' | 'invoice', string>> {
  const [order] = await send([{ topic: 'order.paid', requestId, hash: `hash of ${requestId}` }]);
  const caused = (topic: string, name: string) => ({
    ...{ topic, nodeId: name, requestId, dependsOn: order, finished: false },
  });
  const [invoice, parcel, ...reservations] = await send([
    caused('invoice.write', 'invoice'),
    caused('parcel.ship', 'parcel'),
    ...Array.from({ length: 8 }, (_, index) => caused('stock.reserve', `shelf ${index}`)),
  ]);
  await update([invoice, parcel, ...reservations].map((id) => ({ id, status: 'IN_PROGRESS' })));
  await update([
    { id: invoice, status: 'FINISHED' },
    { id: parcel, status: 'FAILED', error: { code: 'NO_CARRIER', message: 'No carrier serves 99999.' } },
    ...reservations.map((id, index) =>
      index < 2 ? { id, status: 'FAILED', error: { message: 'Sold out.' } } : { id, status: 'FINISHED' },
    ),
  ]);
  return { order: order!, invoice: invoice!, parcel: parcel! };
}

const selectedRow = (page: Page) => page.getByRole('row', { selected: true });
const rowOf = (page: Page, topic: string) => page.getByRole('row').filter({ hasText: topic });

let ids: Awaited<ReturnType<typeof sendOrder>>;
beforeAll(async () => {
  if (!hasBrowser) return;
  gateway = await startConsole();
  ids = await sendOrder('order-1');
});

describe.skipIf(!hasBrowser)('The look-up of a request', () => {
  test('takes its id, the id of one of its events, or a hash', async () => {
    const { page, complaints } = await openConsole(gateway, '/chains');
    const field = page.getByLabel('Request id, event id or hash');
    const look = async (text: string) => {
      await field.fill(text);
      await page.getByRole('button', { name: 'Open the chain' }).click();
    };
    await look('no such thing');
    await page.getByText('No request, event or hash “no such thing” is known.').waitFor(patient);
    await look('order-1');
    await page.getByRole('heading', { name: 'Chain order-1' }).waitFor(patient);
    await page.goBack();
    await look(ids.invoice);
    await selectedRow(page).filter({ hasText: 'invoice.write' }).waitFor(patient);
    expect(new URL(page.url()).searchParams.get('event')).toBe(ids.invoice);
    await page.goBack();
    await look('hash of order-1');
    await selectedRow(page).filter({ hasText: 'order.paid' }).waitFor(patient);
    expect(complaints).toEqual([]);
  });

  test('lists the latest requests with their counts and why they stopped, failed ones if asked, live', async () => {
    await send([{ topic: 'mail.sent', requestId: 'mail-1' }]);
    const { page } = await openConsole(gateway, '/chains');
    const row = rowOf(page, 'order-1');
    await row.getByText('NO_CARRIER').or(row.getByText('Sold out.')).first().waitFor(patient);
    expect(await row.innerText()).toMatch(/8 finished\s+3 failed/);
    await rowOf(page, 'mail-1').waitFor(patient);
    await page.getByRole('button', { name: 'With failures' }).click();
    await rowOf(page, 'mail-1').waitFor({ ...patient, state: 'detached' });
    await rowOf(page, 'order-1').waitFor(patient);
    expect(new URL(page.url()).searchParams.get('show')).toBe('failed');
    await page.getByRole('button', { name: 'Latest' }).click();
    await rowOf(page, 'mail-1').waitFor(patient);
    await send([{ topic: 'mail.sent', requestId: 'mail-2' }]);
    await page.getByRole('button', { name: 'Show 1 new' }).click(patient);
    await rowOf(page, 'mail-2').waitFor(patient);
  });
});

describe.skipIf(!hasBrowser)('The chain of a request', () => {
  test('begins with where it stopped, and jumps from failure to failure', async () => {
    const { page, complaints } = await openConsole(gateway, '/chains/order-1');
    const panel = page.getByRole('complementary', { name: 'Selected event' });
    await panel.getByText('No carrier serves 99999.').waitFor(patient);
    await page.getByText('1 of 3 failures').waitFor(patient);
    await page.getByRole('button', { name: 'Next failure' }).click();
    await panel.getByText('Sold out.').waitFor(patient);
    await page.keyboard.press('n');
    await page.getByText('3 of 3 failures').waitFor(patient);
    await page.keyboard.press('n');
    await page.getByText('1 of 3 failures').waitFor(patient);
    expect(new URL(page.url()).searchParams.get('event')).toBe(ids.parcel);
    await panel.getByRole('link', { name: 'Open the event' }).click();
    await page.waitForURL(`**/events/${ids.parcel}`);
    expect(complaints).toEqual([]);
  });

  test('selects in the graph, the rows and the panel what is picked in one of them', async () => {
    const { page } = await openConsole(gateway, '/chains/order-1');
    const graph = page.locator('.chain-graph');
    await graph.getByRole('button', { name: /^invoice\.write/ }).click(patient);
    await selectedRow(page).filter({ hasText: 'invoice.write' }).waitFor(patient);
    await page.getByRole('complementary').getByRole('heading', { name: 'invoice.write' }).waitFor(patient);
    await rowOf(page, 'parcel.ship').click();
    await graph.getByRole('button', { name: /^parcel\.ship/, pressed: true }).waitFor(patient);
    await page.goto(`${gateway.url}/console/chains/order-1?event=${ids.order}&view=graph`);
    await graph.getByRole('button', { name: /^order\.paid/, pressed: true }).waitFor(patient);
    expect(await page.getByRole('treegrid').count()).toBe(0);
  });

  test('collapses repeated siblings, and opens and closes them by keyboard', async () => {
    const { page } = await openConsole(gateway, '/chains/order-1');
    const group = rowOf(page, '×6');
    await group.waitFor(patient);
    const rows = page.getByRole('treegrid');
    const before = await page.getByRole('row').count();
    await group.click();
    await page.getByRole('heading', { name: '6 × stock.reserve' }).waitFor(patient);
    await rows.focus();
    await page.keyboard.press('ArrowRight');
    await rowOf(page, 'shelf 7').waitFor(patient);
    expect(await page.getByRole('row').count()).toBe(before + 6);
    await page.keyboard.press('ArrowDown');
    await selectedRow(page).filter({ hasText: 'shelf 2' }).waitFor(patient);
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    await rowOf(page, 'shelf 7').waitFor({ ...patient, state: 'detached' });
    await page.keyboard.press('Home');
    await selectedRow(page).filter({ hasText: 'order.paid' }).waitFor(patient);
  });

  test('shows what comes and changes while one looks', async () => {
    const [first] = await send([{ topic: 'live.first', requestId: 'live-1', finished: false }]);
    const { page } = await openConsole(gateway, '/chains/live-1');
    await page.getByText('running for').waitFor(patient);
    const [second] = await send([{ topic: 'live.second', dependsOn: first, finished: false }]);
    await rowOf(page, 'live.second').waitFor(patient);
    expect(await rowOf(page, 'live.second').getAttribute('aria-level')).toBe('2');
    await update([{ id: second, status: 'FAILED', error: { code: 'BROKEN', message: 'It broke.' } }]);
    await page.getByText('It broke.').first().waitFor(patient);
    await update([{ id: first, status: 'FINISHED' }]);
    await page.getByText('took').waitFor(patient);
    await gateway.ask('mutation ($id: ID!) { deleteEvent(id: $id) }', { id: second });
    await rowOf(page, 'live.second').waitFor({ ...patient, state: 'detached' });
  });

  test('says so where a request has no events', async () => {
    const { page } = await openConsole(gateway, '/chains/unknown');
    await page.getByRole('heading', { name: 'This request has no events' }).waitFor(patient);
  });

  test('is usable with 10,000 events: it draws groups in the graph, and only the rows in sight', async () => {
    const requestId = 'large';
    const [root] = await send([{ topic: 'import.started', requestId }]);
    const topics = ['row.read', 'row.check', 'row.write'];
    const lines = await send(
      Array.from({ length: 99 }, () => ({ topic: 'import.part', requestId, dependsOn: root })),
    );
    for (let sent = 100; sent < 10_000; sent += 900)
      await send(
        Array.from({ length: 900 }, (_, index) => ({
          ...{ topic: topics[index % 3], requestId, dependsOn: lines[(sent + index) % lines.length] },
        })),
      );
    const { page, complaints } = await openConsole(gateway, `/chains/${requestId}`);
    await page.getByText('10,000', { exact: true }).waitFor(patient);
    await page.locator('.graph-node').first().waitFor(patient);
    expect(await page.locator('.graph-node').count()).toBeLessThan(40);
    await rowOf(page, 'import.part').filter({ hasText: '×98' }).click();
    await page.getByRole('button', { name: 'Show each' }).click();
    await page.getByRole('treegrid').press('End');
    await selectedRow(page).waitFor(patient);
    expect(await page.getByRole('row').count()).toBeLessThan(80);
    expect(complaints).toEqual([]);
  });

  test.each([
    ['/chains', 'light'],
    ['/chains', 'dark'],
    ['/chains/order-1', 'light'],
    ['/chains/order-1', 'dark'],
  ] as const)('%s has no violations of accessibility in the %s theme', async (path, theme) => {
    const { page, complaints } = await openConsole(gateway, path);
    const shown = path === '/chains' ? rowOf(page, 'order-1') : page.locator('.graph-node').first();
    await shown.waitFor(patient);
    if (path !== '/chains') await page.getByRole('heading', { name: 'History' }).waitFor(patient);
    expect(await violations(page, theme)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test('fits a screen of 375 px', async () => {
    const { page } = await openConsole(gateway, '/chains/order-1', { viewport: { width: 375, height: 700 } });
    await page.locator('.graph-node').first().waitFor(patient);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(375);
    await page.goto(`${gateway.url}/console/chains`);
    await rowOf(page, 'order-1').waitFor(patient);
    expect(await page.evaluate(() => document.querySelector('main')!.scrollWidth)).toBeLessThanOrEqual(375);
  });
});
