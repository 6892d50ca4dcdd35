// The view of triggers in a real browser: webhooks of every scheme, and schedules.
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

let gateway: ConsoleGateway;
let page: Page;
let complaints: readonly string[];

beforeAll(async () => {
  if (!hasBrowser) return;
  gateway = await startConsole();
  ({ page, complaints } = await openConsole(gateway, '/triggers'));
});

const dialog = () => page.getByRole('dialog');
const deliveries = () => page.getByRole('group', { name: 'Deliveries' }).getByRole('row', { name: /POST/ });

/** A trigger's topic has its name, too. */
const row = (name: string) => page.getByRole('row', { name: new RegExp(`^${name} `) });

async function open(name: string): Promise<void> {
  await page.getByRole('navigation').getByRole('link', { name: 'Triggers' }).click();
  await row(name).getByRole('link').first().click(patient);
  await page.getByRole('heading', { level: 1, name: new RegExp(`^${name}`) }).waitFor(patient);
}

/** Sends what the open dialog has, and returns the answer. */
async function send(): Promise<string> {
  await dialog().getByRole('button', { name: 'Send', exact: true }).click();
  const answer = dialog().getByRole('status').locator('strong');
  await answer.waitFor(patient);
  return answer.innerText();
}

describe.skipIf(!hasBrowser)('A webhook', () => {
  test('is created with a new secret, and shows its URL and what to do at the sender', async () => {
    await page.getByRole('heading', { name: 'There are no triggers yet' }).waitFor(patient);
    await page.getByRole('button', { name: 'New webhook…' }).click();
    await dialog().getByLabel('Name').fill('github');
    await dialog().getByRole('button', { name: 'Make one' }).click();
    await dialog().getByRole('button', { name: 'Create' }).click();
    await page.getByRole('heading', { level: 1, name: 'github' }).waitFor(patient);
    const { triggers } = await gateway.ask('{ triggers { name signature url dedupeHeader } }');
    expect(triggers).toMatchObject([
      { name: 'github', signature: 'GITHUB', dedupeHeader: 'x-github-delivery' },
    ]);
    await page.getByText(`${gateway.url}${triggers[0].url}`, { exact: true }).waitFor(patient);
    await page.getByText('choose “Add webhook”').waitFor(patient);
  });

  test('takes a test delivery that is signed with its secret, which appears by itself', async () => {
    await page.getByRole('button', { name: 'Send a test delivery…' }).click();
    expect(await send()).toBe('202');
    await dialog().getByRole('button', { name: 'Close' }).last().click();
    await deliveries().first().waitFor(patient);
  });

  test('answers 401 where the secret is another', async () => {
    await page.getByRole('button', { name: 'Send a test delivery…' }).click();
    await dialog().getByLabel('Secret to sign with').fill('another');
    expect(await send()).toBe('401');
    await dialog().getByText('UNAUTHENTICATED').waitFor(patient);
    await page.keyboard.press('Escape');
  });

  test('shows a delivery in full, and takes it again as a new event', async () => {
    await deliveries().first().getByRole('button', { name: 'Show' }).click();
    const delivery = page.getByRole('region', { name: 'Delivery', exact: true });
    await delivery.getByText('X-Hub-Signature-256').waitFor(patient);
    await delivery.getByText('The signature was verified').waitFor(patient);
    await delivery.getByText('"the console"').waitFor(patient);
    await delivery.getByRole('button', { name: 'Send again…' }).click();
    expect(await dialog().getByLabel('Headers, one per line').inputValue()).not.toContain('Signature');
    // The wrong secret was refused, so that the right one is still known.
    expect(await send()).toBe('202');
    await page.keyboard.press('Escape');
    await expect.poll(() => deliveries().count(), patient).toBe(2);
  });

  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  test.each([
    ['stripe', { signature: 'STRIPE', secret }],
    ['standard', { signature: 'STANDARD', secret, dedupeHeader: 'webhook-id' }],
    [
      'slack',
      {
        ...{ signature: 'HMAC', secret, challenge: 'SLACK' },
        hmac: {
          ...{ header: 'X-Slack-Signature', prefix: 'v0=', timestampHeader: 'X-Slack-Request-Timestamp' },
          signedContent: 'v0:{timestamp}:{body}',
        },
      },
    ],
    [
      'shopify',
      { signature: 'HMAC', secret, hmac: { header: 'X-Shopify', encoding: 'BASE64', algorithm: 'SHA512' } },
    ],
    ['open', { signature: 'NONE' }],
  ])('of the scheme of %s takes a signed test delivery', async (name, webhook) => {
    await gateway.ask('mutation ($input: CreateTriggerInput!) { createTrigger(input: $input) { id } }', {
      input: { name, webhook },
    });
    await page.reload();
    await open(name);
    await page.getByRole('button', { name: 'Send a test delivery…' }).click();
    if (name !== 'open') await dialog().getByLabel('Secret to sign with').fill(secret);
    expect(await send()).toBe('202');
    await page.keyboard.press('Escape');
  });

  test('says of a delivery that its filter does not select that it became no event', async () => {
    await open('open');
    await page.getByRole('button', { name: 'Edit…' }).click();
    await dialog().getByLabel('Only this method').fill('put');
    await dialog().getByRole('button', { name: 'Save' }).click();
    await page.locator('dt', { hasText: 'Event type' }).locator('+ dd', { hasText: 'put' }).waitFor(patient);
    await page.getByRole('button', { name: 'Send a test delivery…' }).click();
    expect(await send()).toBe('202');
    await dialog().getByText('became no event').waitFor(patient);
    await page.keyboard.press('Escape');
  });

  test('is switched off and deleted', async () => {
    await page.getByRole('button', { name: 'Switch off' }).click();
    await page.getByRole('button', { name: 'Switch on' }).waitFor(patient);
    expect(await page.getByRole('button', { name: 'Send a test delivery…' }).count()).toBe(0);
    await page.getByRole('button', { name: 'Delete…' }).click();
    await dialog().getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('heading', { level: 1, name: 'Triggers' }).waitFor(patient);
    await row('open').waitFor({ state: 'detached', ...patient });
    const { triggers } = await gateway.ask('{ triggers { name } }');
    expect(triggers.map(({ name }: any) => name)).not.toContain('open');
  });
});

describe.skipIf(!hasBrowser)('A schedule', () => {
  const ticks = () => page.getByRole('group', { name: 'Next ticks' }).getByRole('row');

  test('shows its next ten ticks in its zone while it is entered, and why an expression is wrong', async () => {
    await page.getByRole('button', { name: 'New schedule…' }).click();
    await dialog().getByLabel('Name').fill('nightly');
    await dialog().getByLabel('Cron expression').fill('30 2 * * *');
    await dialog().getByLabel('Time zone').fill('Asia/Tokyo');
    await ticks().getByText('02:30:00').first().waitFor(patient);
    expect(await ticks().count()).toBe(11);
    await dialog().getByLabel('Cron expression').fill('30 25 * * *');
    await dialog()
      .getByText(/Invalid|range|hour/i)
      .first()
      .waitFor(patient);
    await dialog().getByLabel('Cron expression').fill('30 2 * * *');
    await dialog().getByRole('button', { name: 'Create' }).click();
    await page.getByRole('heading', { level: 1, name: 'nightly' }).waitFor(patient);
    const { triggers } = await gateway.ask('{ triggers { name cron timezone } }');
    expect(triggers).toContainEqual({ name: 'nightly', cron: '30 2 * * *', timezone: 'Asia/Tokyo' });
  });

  test('says what the gateway refuses', async () => {
    await page.getByRole('navigation').getByRole('link', { name: 'Triggers' }).click();
    await page.getByRole('button', { name: 'New schedule…' }).click(patient);
    await dialog().getByLabel('Name').fill('nightly');
    await dialog().getByRole('button', { name: 'Create' }).click();
    await dialog().getByRole('alert').getByText('BAD_USER_INPUT').waitFor(patient);
    await dialog().getByRole('button', { name: 'Cancel' }).click();
  });
});

describe.skipIf(!hasBrowser)('The view of triggers', () => {
  test.each(['light', 'dark'] as const)(
    'has no violations of accessibility in the %s theme',
    async (theme) => {
      await open('github');
      await deliveries().first().getByRole('button', { name: 'Show' }).click(patient);
      await page.getByRole('region', { name: 'Delivery', exact: true }).waitFor(patient);
      expect(await violations(page, theme)).toEqual([]);
      await page.getByRole('navigation').getByRole('link', { name: 'Triggers' }).click();
      await row('nightly').waitFor(patient);
      expect(await violations(page, theme)).toEqual([]);
      await page.getByRole('button', { name: 'New webhook…' }).click();
      await dialog().getByLabel('HMAC in a header').check();
      await dialog().locator('.cm-editor').waitFor(patient);
      expect(await violations(page, theme)).toEqual([]);
      await page.keyboard.press('Escape');
    },
  );

  test('complains of nothing but the refusal that the browser itself reports', () => {
    expect(complaints.filter((text) => !text.includes('401'))).toEqual([]);
  });

  test('shows no deliveries to a key that may not read events', async () => {
    const opened = await openConsole(gateway, '/triggers', { key: await gateway.newKey(['triggers']) });
    await opened.page.getByRole('heading', { name: 'There are no triggers yet' }).waitFor(patient);
    expect(await opened.page.getByText('Last deliveries').count()).toBe(0);
    expect(opened.complaints).toEqual([]);
  });
});
