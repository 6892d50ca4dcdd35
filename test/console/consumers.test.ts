// The views of consumers, subscriptions and handlers in a real browser.
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  type ConsoleGateway,
  hasBrowser,
  openConsole,
  patient,
  startConsole,
  violations,
} from './support.ts';

const declined = { code: 'CARD_DECLINED', message: 'The card was declined.' };
const broken = { message: 'Cannot read the address of order 17.' };

let gateway: ConsoleGateway;
let consumer: string;
/** Shows this consumer; shared by the tests of what is done there. */
let page: Page;

beforeAll(async () => {
  if (!hasBrowser) return;
  gateway = await startConsole();
  await sendOrders(20);
  const terms = {
    ...{ consumer: 'invoices', sourceTopics: ['order.*'], targetTopic: 'invoice.write' },
    ...{ worker: 'invoices-1', maxRetries: 0, leaseMs: 3_600_000 },
  };
  const failed = await claim(terms, 7);
  const errors = failed.map(({ attempt, event }, index) => ({
    ...{ id: event.id, attempt, status: 'FAILED' },
    error: index < 4 ? declined : { message: broken.message.replace('17', String(index)) },
  }));
  await gateway.ask(
    'mutation ($input: [UpdateEventInput!]!) { updateEvents(input: $input) { errors { message } } }',
    {
      input: errors,
    },
  );
  await claim(terms, 2);
  const { consumers } = await gateway.ask('{ consumers { nodes { id } } }');
  consumer = consumers.nodes[0].id;
  page = (await openConsole(gateway, `/consumers/${consumer}`)).page;
});

async function sendOrders(count: number): Promise<void> {
  const input = Array.from({ length: count }, (_, index) => ({
    topic: 'order.paid',
    payload: { total: index },
  }));
  await gateway.ask(
    'mutation ($input: [SendEventInput!]!) { sendEvents(input: $input) { errors { message } } }',
    {
      input,
    },
  );
}

async function claim(input: object, count: number): Promise<{ attempt: number; event: { id: string } }[]> {
  const { enrollMany } = await gateway.ask(
    'mutation ($input: EnrollInput!, $count: Int!) { enrollMany(count: $count, input: $input) { attempt event { id } } }',
    { input, count },
  );
  return enrollMany;
}

async function stateOf(id: string) {
  const { node } = await gateway.ask(
    'query ($id: ID!) { node(id: $id) { ... on Consumer { paused position flow { maxConcurrent } backlog { exhausted ready } } } }',
    { id },
  );
  return node;
}

describe.skipIf(!hasBrowser)('The consumers', () => {
  test('are listed with what waits, who works, and how many jobs are exhausted', async () => {
    const { page } = await openConsole(gateway, '/consumers');
    const row = page.getByRole('row', { name: /^invoices / });
    await row.waitFor(patient);
    const cells = await row.getByRole('cell').allInnerTexts();
    expect(cells.slice(1, 8)).toEqual(['order.*', 'invoice.write', '11', '0', '0', '2', '7']);
    expect(cells[9]).toBe('invoices-1');
    await row.getByRole('link', { name: 'invoices' }).click();
    await page.getByRole('heading', { name: 'invoices', level: 1 }).waitFor(patient);
  });

  test('are counted while the page is open, and drawn as a chart', async () => {
    const waiting = page.locator('dt', { hasText: 'Waiting' }).locator('+ dd');
    await expect.poll(() => waiting.innerText(), patient).toContain('11');
    await sendOrders(3);
    await expect.poll(() => waiting.innerText(), patient).toContain('14');
    await page
      .getByRole('figure', { name: 'The backlog since this page was opened' })
      .locator('canvas')
      .waitFor(patient);
  });

  test('show their leases with the worker and the time that is left', async () => {
    const leases = page.getByRole('region', { name: 'Leases', exact: true }).getByRole('row');
    await leases.filter({ hasText: 'invoices-1' }).first().waitFor(patient);
    expect(await leases.filter({ hasText: 'invoices-1' }).count()).toBe(2);
    expect(await leases.nth(1).innerText()).toMatch(/^59 min/);
  });

  test('are paused after a question, and resumed', async () => {
    await page.getByRole('button', { name: 'Pause…' }).click(patient);
    await page.getByRole('dialog').getByRole('button', { name: 'Pause' }).click();
    await page.getByText('paused', { exact: true }).waitFor(patient);
    expect((await stateOf(consumer)).paused).toBe(true);
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByRole('button', { name: 'Pause…' }).waitFor(patient);
    expect((await stateOf(consumer)).paused).toBe(false);
  });

  test('are moved to the beginning, the end, and a time, with what that means beside it', async () => {
    const move = async (place: string, time?: string) => {
      await page.getByRole('button', { name: 'Move…' }).click(patient);
      const dialog = page.getByRole('dialog');
      await dialog.getByText('Those that have a job keep it').waitFor(patient);
      await dialog.getByLabel(place).check();
      if (time) await dialog.getByLabel('Time', { exact: true }).fill(time);
      await dialog.getByRole('button', { name: 'Move' }).click();
      await dialog.waitFor({ state: 'detached', ...patient });
      return (await stateOf(consumer)).position as string;
    };
    const { position: end } = await gateway.ask('{ position }');
    expect(await move('The beginning of the log')).toBe('0');
    expect(Number(await move('The end of the log'))).toBeGreaterThanOrEqual(Number(end));
    expect(await move('A time', '2020-01-01T00:00')).toBe('0');
    expect(Number(await move('A time', '2100-01-01T00:00'))).toBeGreaterThan(0);
    await page.getByRole('button', { name: 'Move…' }).click();
    await page.getByRole('dialog').getByLabel('A position').check();
    await page.getByRole('dialog').getByLabel('Position', { exact: true }).fill('-5');
    await page.getByRole('dialog').getByRole('button', { name: 'Move' }).click();
    await page.getByRole('alert').getByText('BAD_USER_INPUT').waitFor(patient);
    await page.getByRole('button', { name: 'Cancel' }).click();
  });

  test('get limits', async () => {
    await page.getByRole('button', { name: 'Limits…' }).click(patient);
    await page.getByLabel('Jobs held at once', { exact: true }).fill('12');
    await page.getByRole('button', { name: 'Set limits' }).click();
    await page.getByText('12 at once').waitFor(patient);
    expect((await stateOf(consumer)).flow).toEqual({ maxConcurrent: 12 });
  });

  test('have their exhausted jobs restarted by error: messages that differ in numbers are one', async () => {
    const errors = page.getByRole('region', { name: 'Exhausted jobs by error' }).getByRole('row');
    await errors.filter({ hasText: 'Cannot read the address' }).waitFor(patient);
    const shown = (await errors.allInnerTexts()).slice(1).map((text) => text.split('\t').slice(0, 2));
    expect(shown.map(([count]) => count)).toEqual(['4', '3']);
    expect(shown[0]![1]).toBe('CARD_DECLINED The card was declined.');
    await errors.filter({ hasText: 'CARD_DECLINED' }).getByRole('button', { name: 'Restart…' }).click();
    await page.getByRole('button', { name: 'Restart 4 jobs' }).click(patient);
    await page.getByRole('dialog').waitFor({ state: 'detached', ...patient });
    await errors.filter({ hasText: 'CARD_DECLINED' }).waitFor({ state: 'detached', ...patient });
    expect((await stateOf(consumer)).backlog).toEqual({ exhausted: 3, ready: 4 });
  });

  test('are shown without their jobs to a key that may not read events', async () => {
    // It is restricted to no project, and an admin of consumers alone.
    const key = await gateway.newKey(['consumers']);
    const { page, complaints } = await openConsole(gateway, '/consumers', { key });
    await page.getByRole('heading', { name: 'There are no consumers yet' }).waitFor(patient);
    expect(complaints).toEqual([]);
  });

  test('can be deleted', async () => {
    await claim({ sourceTopics: ['nothing'], targetTopic: 'never', worker: 'w' }, 1);
    const { page } = await openConsole(gateway, '/consumers');
    await page.getByRole('link', { name: 'never' }).first().click(patient);
    await page.getByRole('button', { name: 'Delete…' }).click(patient);
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('heading', { name: 'Consumers' }).waitFor(patient);
    await page
      .getByRole('link', { name: 'never' })
      .first()
      .waitFor({ state: 'detached', ...patient });
  });
});

describe.skipIf(!hasBrowser)('The subscriptions', () => {
  test('show position, lag and filter errors, and are acknowledged, moved and ended', async () => {
    const { subscribe } = await gateway.ask(
      'mutation { subscribe(input: {name: "Big orders", topics: ["order.*"], where: "data.total > 5.0", ack: MANUAL, after: "0"}) { id } }',
    );
    const { nextEvent } = await gateway.ask(
      'mutation ($ids: [ID!]!) { nextEvent(subscriptionIds: $ids, timeoutMs: 0) { position } }',
      { ids: [subscribe.id] },
    );
    const { page } = await openConsole(gateway, '/subscriptions');
    const row = page.getByRole('row', { name: /Big orders/ });
    await row.waitFor(patient);
    const lag = () => row.getByRole('cell').nth(4).innerText();
    await expect.poll(lag, patient).toBe('14');
    await row.getByRole('button', { name: 'Acknowledge' }).click();
    await page.getByLabel('Position of the delivered event').fill(nextEvent.position);
    await page.getByRole('dialog').getByRole('button', { name: 'Acknowledge' }).click();
    await expect.poll(lag, patient).toBe('13');
    await row.getByRole('button', { name: 'Move' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Move' }).click();
    await expect.poll(lag, patient).toBe('0');
    await row.getByRole('button', { name: 'Unsubscribe' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Unsubscribe' }).click();
    await page.getByRole('heading', { name: 'There are no subscriptions yet' }).waitFor(patient);
  });
});

describe.skipIf(!hasBrowser)('The views of work', () => {
  test.each(['light', 'dark'] as const)(
    'have no violations of accessibility in the %s theme',
    async (theme) => {
      await gateway.ask('mutation { subscribe(input: {name: "All", topics: ["order.*"]}) { id } }');
      const { page, complaints } = await openConsole(gateway, `/consumers/${consumer}`);
      await page.getByRole('figure').locator('canvas').waitFor(patient);
      expect(await violations(page, theme)).toEqual([]);
      for (const [view, title] of [
        ['consumers', 'Consumers'],
        ['subscriptions', 'Subscriptions'],
        ['handlers', 'Handlers'],
      ] as const) {
        await page.getByRole('navigation').getByRole('link', { name: title }).click();
        await page.getByRole('heading', { name: title, level: 1 }).waitFor(patient);
        await page.locator('.loading').waitFor({ state: 'detached', ...patient });
        expect([view, await violations(page, theme)]).toEqual([view, []]);
      }
      expect(complaints).toEqual([]);
    },
  );

  test('fit a screen of 375 px: tables scroll by themselves', async () => {
    const { page } = await openConsole(gateway, `/consumers/${consumer}`, {
      viewport: { width: 375, height: 700 },
    });
    await page.getByRole('figure').locator('canvas').waitFor(patient);
    const overflow = () =>
      page.evaluate(
        () => document.querySelector('main')!.scrollWidth - document.querySelector('main')!.clientWidth,
      );
    expect(await overflow()).toBe(0);
    await page.getByRole('link', { name: 'Consumers' }).first().click();
    await page.getByRole('row', { name: /^invoices/ }).waitFor(patient);
    expect(await overflow()).toBe(0);
  });
});
