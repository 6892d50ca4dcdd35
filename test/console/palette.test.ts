// The command palette, the keys of the frame, and pausing what is live, in a real browser.
import { beforeAll, describe, expect, test } from 'vitest';
import {
  type ConsoleGateway,
  hasBrowser,
  openConsole,
  patient,
  startConsole,
  violations,
} from './support.ts';

let gateway: ConsoleGateway;
let eventId: string;
beforeAll(async () => {
  if (!hasBrowser) return;
  gateway = await startConsole();
  const { sendEvent } = await gateway.ask(
    'mutation { sendEvent(input: {topic: "order.paid", requestId: "order-1", hash: "paid-1"}) { event { id } } }',
  );
  eventId = sendEvent.event.id;
});

async function openPalette(key?: string) {
  const opened = await openConsole(gateway, '/', key === undefined ? {} : { key });
  const { page } = opened;
  await page.getByRole('heading', { name: 'Overview' }).waitFor(patient);
  await page.keyboard.press('Control+k');
  const field = page.getByRole('combobox', { name: 'Commands' });
  await field.waitFor(patient);
  return { ...opened, field };
}

describe.skipIf(!hasBrowser)('The command palette', () => {
  test('goes to a view, a topic, and to what an id belongs to, by keyboard alone', async () => {
    const { page, field, complaints } = await openPalette();
    await field.fill('subscr');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Subscriptions', exact: true }).waitFor(patient);
    await page.keyboard.press('Control+k');
    await page.getByRole('option', { name: 'order.paid' }).waitFor(patient);
    await field.fill('no such id');
    await page.keyboard.press('Enter');
    await page.getByText('No request, event or hash of this name is known.').waitFor(patient);
    await field.fill(` ${eventId} `);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Chain order-1' }).waitFor(patient);
    expect(new URL(page.url()).searchParams.get('event')).toBe(eventId);
    await page.keyboard.press('Control+k');
    await page.getByRole('option', { name: 'order.paid' }).click(patient);
    await page.waitForURL('**/topics/order.paid');
    expect(complaints).toEqual([]);
  });

  test('has what was typed while it was loaded', async () => {
    const opened = await openConsole(gateway, '/');
    const { page } = opened;
    let release = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    await page.route(/assets\/palette-.*\.js$/, async (route) => {
      await released;
      await route.continue();
    });
    await page.getByRole('heading', { name: 'Overview' }).waitFor(patient);
    await page.keyboard.press('Control+k');
    await page.getByRole('textbox', { name: 'Commands' }).waitFor(patient);
    await page.keyboard.type('subscr');
    release();
    const field = page.getByRole('combobox', { name: 'Commands' });
    await field.waitFor(patient);
    expect(await field.inputValue()).toBe('subscr');
    expect(await field.evaluate((element) => element === document.activeElement)).toBe(true);
  });

  test('changes the theme and signs out', async () => {
    const { page, field } = await openPalette();
    await field.fill('theme dark');
    await page.getByRole('option', { name: 'Theme: dark' }).click();
    expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe('dark');
    expect(await page.getByLabel('Theme').inputValue()).toBe('dark');
    await page.getByRole('button', { name: 'Go to' }).click();
    await page.getByRole('option', { name: 'Sign out' }).click();
    await page.getByLabel('API key or token').waitFor(patient);
  });

  test('pauses what is live; changes come when it is over', async () => {
    const { page, field } = await openPalette();
    await page.keyboard.press('Escape');
    await page.goto(`${gateway.url}/console/chains/order-1`);
    await page.getByRole('row').filter({ hasText: 'order.paid' }).waitFor(patient);
    await page.keyboard.press('Control+k');
    await field.fill('pause');
    await page.getByRole('option', { name: 'Pause live updates' }).click();
    await page.getByText('Live updates are paused.').waitFor(patient);
    await gateway.ask(
      'mutation ($id: ID!) { sendEvent(input: {topic: "mail.sent", dependsOn: $id}) { event { id } } }',
      { id: eventId },
    );
    // A later stream has the change, so the paused one has had it, too.
    const { page: other } = await openConsole(gateway, '/chains/order-1');
    await other.getByRole('row').filter({ hasText: 'mail.sent' }).waitFor(patient);
    expect(await page.getByRole('row').filter({ hasText: 'mail.sent' }).count()).toBe(0);
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByRole('row').filter({ hasText: 'mail.sent' }).waitFor(patient);
  });

  test('offers what the key may do', async () => {
    const { page } = await openPalette(await gateway.newKey(['consumers']));
    await page.getByRole('option', { name: 'Consumers' }).waitFor(patient);
    expect(await page.getByRole('option', { name: 'Audit' }).count()).toBe(0);
    expect(await page.getByRole('option', { name: 'order.paid' }).count()).toBe(0);
  });

  test.each(['light', 'dark'] as const)(
    'has no violations of accessibility in the %s theme',
    async (theme) => {
      const { page, field } = await openPalette();
      await page.getByRole('option', { name: 'order.paid' }).waitFor(patient);
      expect(await violations(page, theme)).toEqual([]);
      await field.fill('order-1');
      await page.getByRole('option', { name: 'Open the chain of order-1' }).waitFor(patient);
      expect(await violations(page, theme)).toEqual([]);
      await page.keyboard.press('Escape');
      await field.waitFor({ ...patient, state: 'detached' });
      await page.keyboard.press('?');
      await page.getByRole('dialog', { name: 'Keys' }).waitFor(patient);
      expect(await violations(page, theme)).toEqual([]);
    },
  );
});

describe.skipIf(!hasBrowser)('The keys of the frame', () => {
  test('lead to views, to the search of a view and to their list, but not while one types', async () => {
    const { page } = await openConsole(gateway);
    await page.getByRole('heading', { name: 'Overview' }).waitFor(patient);
    await page.keyboard.press('g');
    await page.keyboard.press('c');
    await page.getByRole('heading', { name: 'Chains' }).waitFor(patient);
    await page.keyboard.press('/');
    await page.keyboard.type('g e?');
    const field = page.getByLabel('Request id, event id or hash');
    expect(await field.inputValue()).toBe('g e?');
    await field.blur();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).getByText('Next failure').waitFor(patient);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ ...patient, state: 'detached' });
    expect(new URL(page.url()).pathname).toBe('/console/chains');
  });

  test('reach everything in the frame with the tabulator', async () => {
    const { page } = await openConsole(gateway);
    await page.getByRole('heading', { name: 'Overview' }).waitFor(patient);
    const reached: string[] = [];
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    for (let step = 0; step < 25; step += 1) {
      await page.keyboard.press('Tab');
      reached.push(await page.evaluate(() => document.activeElement?.textContent?.trim() ?? ''));
    }
    expect(reached[0]).toBe('Skip to the content');
    for (const name of ['Throughline', 'Sign out', 'Overview', 'Events', 'Chains', 'GraphiQL'])
      expect(reached).toContain(name);
  });
});
