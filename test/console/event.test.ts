// One event, sending and the filter playground in a real browser.
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

const orderSchema = {
  type: 'object',
  required: ['orderId', 'total'],
  properties: {
    orderId: { type: 'integer', title: 'Order number' },
    total: { type: 'number', minimum: 0 },
    vip: { type: 'boolean' },
    channel: { enum: ['web', 'phone'] },
    customer: {
      type: 'object',
      properties: { name: { type: 'string' }, email: { type: 'string', format: 'email' } },
    },
    lines: { type: 'array', items: { type: 'object', required: ['sku'] } },
  },
};

let gateway: ConsoleGateway;
beforeAll(async () => {
  if (!hasBrowser) return;
  gateway = await startConsole();
  await gateway.ask('mutation ($input: DeclareTopicInput!) { declareTopic(input: $input) { name } }', {
    input: { name: 'order.created', title: 'An order was placed', payloadSchema: orderSchema },
  });
});

async function send(input: object): Promise<{ id: string; requestId: string }> {
  const { sendEvent } = await gateway.ask(
    'mutation ($input: SendEventInput!) { sendEvent(input: $input) { event { id requestId } } }',
    { input },
  );
  return sendEvent.event;
}

async function update(input: object): Promise<void> {
  await gateway.ask('mutation ($input: UpdateEventInput!) { updateEvent(input: $input) { id } }', { input });
}

async function stored(id: string): Promise<any> {
  const { event } = await gateway.ask(
    'query ($id: ID!) { event(id: $id) { topic status hash payload priority project requestId history { to description } dependsOn { id } } }',
    { id },
  );
  return event;
}

async function latest(topic: string): Promise<any> {
  const { events } = await gateway.ask(
    'query ($filter: EventFilter) { events(filter: $filter, first: 1) { nodes { id } } }',
    { filter: { topics: [topic] } },
  );
  return stored(events.nodes[0].id);
}

const themes = ['light', 'dark'] as const;

const idOf = (page: Page) => new URL(page.url()).pathname.split('/').at(-1)!;

describe.skipIf(!hasBrowser)('One event', () => {
  test('is shown with its history, its relatives and its content, and changes while it is shown', async () => {
    const parent = await send({ topic: 'order.paid', payload: { n: 1 } });
    const { id } = await send({
      topic: 'mail.send',
      dependsOn: parent.id,
      finished: false,
      payload: { to: 'ada' },
    });
    const { page, complaints } = await openConsole(gateway, `/events/${id}`);
    await page.getByRole('heading', { name: /mail\.send.*pending/ }).waitFor(patient);
    await page.getByRole('link', { name: 'order.paid' }).waitFor(patient);
    await update({ id, status: 'IN_PROGRESS' });
    await page.getByRole('heading', { name: /mail\.send.*in progress/ }).waitFor(patient);
    await update({ id, progress: 40, description: 'rendering' });
    await page.getByText('40 % · rendering').waitFor(patient);
    const error = { code: 'ESMTP', message: 'mailbox is full', stack: 'Error: mailbox is full' };
    await update({ id, status: 'FAILED', error });
    await page.getByText('mailbox is full').first().waitFor(patient);
    await page.getByRole('tab', { name: 'Error' }).click();
    await page.getByRole('treeitem', { name: /code.*ESMTP/ }).waitFor(patient);
    expect(new URL(page.url()).searchParams.get('tab')).toBe('error');
    expect(await page.locator('.timeline .status').allTextContents()).toEqual([
      'pending',
      'in progress',
      'failed',
    ]);
    expect(complaints).toEqual([]);
  });

  test('is restarted with a reason, and says when it was deleted', async () => {
    const { id } = await send({ topic: 'invoice.sent' });
    const { page } = await openConsole(gateway, `/events/${id}`);
    await page.getByRole('button', { name: 'Restart…' }).click();
    await page.getByLabel('Why').fill('the printer was off');
    await page.getByRole('button', { name: 'Restart', exact: true }).click();
    await page.locator('.timeline').getByText('the printer was off').waitFor(patient);
    expect((await stored(id)).history.at(-1)).toEqual({
      to: 'RESTARTED',
      description: 'the printer was off',
    });
    await page.getByRole('button', { name: 'Delete…' }).click();
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    await page.getByText('This event was deleted.').waitFor(patient);
    expect(await page.getByRole('button', { name: 'Restart…' }).count()).toBe(0);
    await page.reload();
    await page.getByRole('heading', { name: 'There is no such event' }).waitFor(patient);
  });

  test('is copied as commands without the key, unless the key is asked for', async () => {
    const { id } = await send({ topic: 'invoice.sent', payload: { text: "it's" } });
    const { page } = await openConsole(gateway, `/events/${id}`);
    await page.getByRole('button', { name: 'Copy as…' }).click();
    const dialog = page.getByRole('dialog');
    const text = async () => (await dialog.locator('pre').allTextContents()).join('\n');
    expect(await text()).toContain('Bearer $KEY');
    expect(await text()).not.toContain('console-test-key');
    await dialog.getByLabel('Send one like it').check();
    expect(await text()).toContain('client.send("invoice.sent"');
    await dialog.getByLabel('With my key').check();
    expect(await text()).toContain('Bearer console-test-key');
  });

  test('is sent again with an edited payload; what the schema refuses is marked in it', async () => {
    const { id } = await send({ topic: 'order.created', payload: { orderId: 1, total: 5 }, project: 'shop' });
    const { page } = await openConsole(gateway, `/events/${id}`);
    await page.getByRole('button', { name: 'Send again…' }).click();
    const editor = page.getByRole('dialog').getByRole('textbox', { name: 'Payload' });
    await editor.fill('{"orderId": "seven", "total": 6}');
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    await page.getByText('payload.orderId must be integer').waitFor(patient);
    await editor.fill('{"orderId": 7, "total": 6}');
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    await page.waitForURL((url) => !url.pathname.endsWith(id), patient);
    expect(await stored(idOf(page))).toMatchObject({ project: 'shop', payload: { orderId: 7, total: 6 } });
  });

  test('shows a payload of a megabyte in parts, and finds in it', async () => {
    const items = Array.from({ length: 12_000 }, (_, index) => ({
      index,
      name: `item ${index}`,
      note: 'x'.repeat(40),
    }));
    const { id } = await send({ topic: 'large.one', payload: { items } });
    const { page } = await openConsole(gateway, `/events/${id}`);
    await page.getByRole('treeitem', { name: '[10000 … 11999]' }).waitFor(patient);
    expect(await page.getByRole('treeitem').count()).toBeLessThan(200);
    await page.getByLabel('Search in Payload').fill('item 11987');
    await page.getByRole('treeitem', { name: /name.*item 11987/ }).waitFor(patient);
    await page.locator('.json-path', { hasText: 'data.items[11987].name' }).waitFor(patient);
  });

  test('has no violations of accessibility in both themes', async () => {
    const { id } = await send({ topic: 'order.created', payload: { orderId: 1, total: 5, vip: true } });
    const { page, complaints } = await openConsole(gateway, `/events/${id}`);
    await page.getByRole('treeitem').first().waitFor(patient);
    for (const theme of themes) expect(await violations(page, theme)).toEqual([]);
    await page.getByRole('button', { name: 'Send again…' }).click();
    await page.getByRole('dialog').getByRole('textbox', { name: 'Payload' }).waitFor(patient);
    for (const theme of themes) expect(await violations(page, theme)).toEqual([]);
    expect(complaints).toEqual([]);
  });
});

describe.skipIf(!hasBrowser)('Sending', () => {
  test('makes a form of a schema, shows a mismatch at its field, and links to what was sent', async () => {
    const { page, complaints } = await openConsole(gateway, '/send?topic=order.created');
    await page.getByLabel('Order number').fill('17');
    await page.getByLabel('vip').selectOption('true');
    await page.getByLabel('email').fill('nobody');
    await page.getByText('Options').click();
    await page.getByLabel('Priority').fill('5');
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    const total = page.locator('.field', { hasText: 'total' });
    await total.getByText('is required').waitFor(patient);
    await page
      .locator('.field', { hasText: 'email' })
      .getByText(/must match format/)
      .waitFor(patient);
    await page.getByLabel('total').fill('99.5');
    await page.getByLabel('email').fill('ada@example.org');
    await page.getByLabel('lines').fill('[{"sku": "A-1"}]');
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    await page.getByRole('link', { name: 'the event' }).waitFor(patient);
    const customer = { email: 'ada@example.org' };
    expect(await latest('order.created')).toMatchObject({
      priority: 5,
      payload: { orderId: 17, total: 99.5, vip: true, customer, lines: [{ sku: 'A-1' }] },
    });
    expect(complaints.filter((text) => !text.includes('422'))).toEqual([]);
  });

  test('shows what the schema refuses of a summary at the summary', async () => {
    await gateway.ask('mutation ($input: DeclareTopicInput!) { declareTopic(input: $input) { name } }', {
      input: { name: 'summed.one', summarySchema: { type: 'object', required: ['total'] } },
    });
    const { page } = await openConsole(gateway, '/send?topic=summed.one');
    await page.getByText('Options').click();
    await page.getByRole('textbox', { name: 'Summary' }).fill('{"count": 1}');
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    await page.getByText('summary.total is required').waitFor(patient);
    await page.getByRole('textbox', { name: 'Summary' }).fill('{"total": 1}');
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    await page.getByRole('link', { name: 'the event' }).waitFor(patient);
  });

  test('begins with a recent payload, as JSON where nothing is declared', async () => {
    await send({ topic: 'plain.one', payload: { step: 'before' } });
    const { page } = await openConsole(gateway, '/send');
    await page.getByLabel('Topic').fill('plain.one');
    await page.getByRole('button', { name: /"step":"before"/ }).click();
    const editor = page.getByRole('textbox', { name: 'Payload' });
    await expect.poll(() => editor.textContent(), patient).toContain('before');
    await editor.fill('{"step": "after"}');
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    await page.getByRole('link', { name: 'its chain' }).waitFor(patient);
    expect(await latest('plain.one')).toMatchObject({ payload: { step: 'after' } });
  });

  test('has no violations of accessibility in both themes', async () => {
    const { page } = await openConsole(gateway, '/send?topic=order.created');
    await page.getByLabel('Order number').waitFor(patient);
    await page.getByText('Options').click();
    for (const theme of themes) expect(await violations(page, theme)).toEqual([]);
  });
});

test.skipIf(!hasBrowser)('All of these views fit a screen of 375 px', async () => {
  const { id } = await send({
    topic: 'order.created',
    payload: { orderId: 1, total: 5, text: 'x'.repeat(500) },
  });
  const { page } = await openConsole(gateway, `/events/${id}`, { viewport: { width: 375, height: 700 } });
  const width = () => page.evaluate(() => document.querySelector('main')!.scrollWidth);
  await page.getByRole('treeitem').first().waitFor(patient);
  expect(await width()).toBeLessThanOrEqual(375);
  for (const path of ['/send?topic=order.created', '/filter?where=data.total%20>%201']) {
    await page.goto(`${gateway.url}/console${path}`);
    await page.locator('.cm-content, .send-view fieldset').first().waitFor(patient);
    expect(await width()).toBeLessThanOrEqual(375);
  }
});

describe.skipIf(!hasBrowser)('The filter playground', () => {
  test('tells what matches, what does not, and why an expression fails', async () => {
    await send({ topic: 'try.one', payload: { total: 5 } });
    await send({ topic: 'try.one', payload: { total: 50 } });
    await send({ topic: 'try.one', payload: { amount: 50 } });
    await send({ topic: 'try.one', payload: { total: 'much' } });
    const { page, complaints } = await openConsole(gateway, '/filter?q=topic:try.one');
    await page.getByRole('textbox', { name: 'Expression' }).fill('data.total > 10');
    await page.getByText('data.total is not there').waitFor(patient);
    await page.getByText('a type does not fit: data.total is text').waitFor(patient);
    for (const [count, text] of [
      ['1', 'match'],
      ['1', 'do not match'],
      ['2', 'could not be evaluated'],
    ])
      await page.getByRole('button', { name: `${count} ${text}`, exact: true }).waitFor(patient);
    await page.getByRole('link', { name: 'Use in Events' }).click();
    await page.waitForURL(/\/events\?q=/, patient);
    await expect.poll(() => page.locator('.virtual-row').count(), patient).toBe(1);
    expect(complaints).toEqual([]);
  });

  test('has no violations of accessibility in both themes', async () => {
    await send({ topic: 'try.two', payload: { total: 5 } });
    const { page } = await openConsole(gateway, '/filter?q=topic:try.two&where=data.amount%20>%201');
    await page.getByText('data.amount is not there').waitFor(patient);
    for (const theme of themes) expect(await violations(page, theme)).toEqual([]);
  });
});
