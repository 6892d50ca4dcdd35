// The overview in a real browser: the first steps of a fresh gateway, and then rates, failures and figures, live.
import { beforeAll, describe, expect, test } from 'vitest';
import {
  type ConsoleGateway,
  hasBrowser,
  openConsole,
  patient,
  startConsole,
  violations,
} from '../support.ts';

let fresh: ConsoleGateway;
let used: ConsoleGateway;

beforeAll(async () => {
  if (!hasBrowser) return;
  [fresh, used] = await Promise.all([startConsole(), startConsole()]);
  const { sendEvents } = await used.ask(
    'mutation ($input: [SendEventInput!]!) { sendEvents(input: $input) { events { id } } }',
    {
      input: Array.from({ length: 5 }, (_, index) => ({
        ...{
          topic: index < 3 ? 'parcel.ship' : 'order.paid',
          requestId: `order-${index}`,
          finished: index >= 3,
        },
      })),
    },
  );
  const failing = sendEvents.events.slice(0, 3).map(({ id }: { id: string }) => ({
    ...{ id, status: 'FAILED', error: { code: 'NO_CARRIER', message: 'No carrier serves 99999.' } },
  }));
  await used.ask(
    'mutation ($input: [UpdateEventInput!]!) { updateEvents(input: $input) { errors { code } } }',
    {
      input: failing,
    },
  );
  // A consumer that has something to do, and does not.
  await used.ask(
    'mutation { enroll(input: {consumer: "invoices", sourceTopics: ["order.paid"], targetTopic: "invoice.write", worker: "w"}) { attempt } }',
  );
});

describe.skipIf(!hasBrowser)('The overview of a fresh gateway', () => {
  test('shows the first steps, makes the key for them, and sees the first event', async () => {
    const { page, complaints } = await openConsole(fresh);
    await page
      .getByRole('heading', { name: 'There are no events yet: three steps to see some' })
      .waitFor(patient);
    expect(await page.getByText('YOUR-KEY').count()).toBeGreaterThan(3);
    await page.getByRole('button', { name: 'Make a key for the commands' }).click();
    await page.getByText('The commands below have your new key.').waitFor(patient);
    const [send, worker] = await page.locator('.command pre').allInnerTexts();
    expect(send).toContain(`curl ${fresh.url}/graphql`);
    const key = /Bearer ([^\s"']+)/.exec(send!)![1]!;
    expect(worker).toContain(key);
    const body = /-d '(.*)'$/s.exec(send!)![1]!;
    await fresh.ask(JSON.parse(body).query, {}, key);
    await page.getByRole('heading', { name: 'The first events are here' }).waitFor(patient);
    // The steps stay until they are closed.
    await page.getByRole('button', { name: 'Close' }).click();
    await page
      .getByRole('heading', { name: 'The first events are here' })
      .waitFor({ ...patient, state: 'detached' });
    await page.reload();
    await page.getByRole('heading', { name: 'Failing now' }).waitFor(patient);
    expect(await page.getByText('three steps').count()).toBe(0);
    expect(complaints).toEqual([]);
  });
});

describe.skipIf(!hasBrowser)('The overview', () => {
  test('counts what is sent, finished and failed, live', async () => {
    const { page } = await openConsole(used, '/?range=15m');
    const total = (name: string) =>
      page.locator('.rates-totals > div').filter({ hasText: name }).locator('dd');
    await total('failed').getByText('3', { exact: true }).waitFor(patient);
    const before = Number(await total('sent').innerText());
    await used.ask('mutation { sendEvent(input: {topic: "order.paid"}) { event { id } } }');
    await total('sent')
      .getByText(String(before + 1), { exact: true })
      .waitFor(patient);
  });

  test('groups failures by topic and error, and leads to the chain of the latest', async () => {
    const { page } = await openConsole(used);
    const row = page.getByRole('row').filter({ hasText: 'No carrier serves 99999.' });
    await row.waitFor(patient);
    expect(await row.getByRole('cell').first().innerText()).toBe('3');
    await row.getByRole('link', { name: 'chain of the latest parcel.ship' }).click();
    await page.getByText('1 of 1 failure').waitFor(patient);
  });

  test('says what waits, which gateways there are, and how the database does', async () => {
    const { page } = await openConsole(used);
    await page.getByRole('row').filter({ hasText: 'invoices' }).waitFor(patient);
    await page.getByText('embedded', { exact: true }).waitFor(patient);
    expect(await page.locator('.gateways li').count()).toBe(1);
  });

  test('looks closer at a part of the chart that is drawn over, and back', async () => {
    const { page } = await openConsole(used);
    const plot = page.locator('.u-over');
    await plot.waitFor(patient);
    const { x, y, width, height } = (await plot.boundingBox())!;
    await page.mouse.move(x + width / 4, y + height / 2);
    await page.mouse.down();
    await page.mouse.move(x + width / 2, y + height / 2, { steps: 4 });
    await page.mouse.up();
    await page.getByRole('button', { name: 'Back to 1 h' }).waitFor(patient);
    const { searchParams } = new URL(page.url());
    const zoomed = Date.parse(searchParams.get('to')!) - Date.parse(searchParams.get('from')!);
    expect(zoomed / 60_000).toBeGreaterThan(10);
    expect(zoomed / 60_000).toBeLessThan(20);
    await page.getByRole('button', { name: 'Back to 1 h' }).click();
    await page.getByRole('button', { name: '1 h', pressed: true }).waitFor(patient);
    await page.getByRole('button', { name: '24 h' }).click();
    await page.waitForURL('**/?range=24h');
  });

  test('asks nothing that the key may not know', async () => {
    const { page, complaints } = await openConsole(used, '/', { key: await used.newKey(['subscriptions']) });
    await page.getByRole('heading', { name: 'Nothing to see with this key' }).waitFor(patient);
    const reading = await openConsole(used, '/', { key: await used.newKey(['events:read']) });
    await reading.page.getByRole('heading', { name: 'Failing now' }).waitFor(patient);
    expect(await reading.page.getByRole('heading', { name: 'Waiting' }).count()).toBe(0);
    expect([...complaints, ...reading.complaints]).toEqual([]);
  });

  test.each(['light', 'dark'] as const)(
    'has no violations of accessibility in the %s theme, nor too much width for a phone',
    async (theme) => {
      const { page, complaints } = await openConsole(used, '/?guide=open');
      await page.getByRole('row').filter({ hasText: 'invoices' }).waitFor(patient);
      await page.locator('.u-over').waitFor(patient);
      expect(await violations(page, theme)).toEqual([]);
      await page.setViewportSize({ width: 375, height: 700 });
      await expect
        .poll(() => page.evaluate(() => document.querySelector('main')!.scrollWidth))
        .toBeLessThanOrEqual(375);
      expect(complaints).toEqual([]);
    },
  );
});
