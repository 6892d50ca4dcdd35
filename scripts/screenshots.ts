// Makes the pictures of the console in docs/images: a gateway of its own, the demo's deliveries, and a few things beside.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { chromium, type Page } from 'playwright-core';
import { createGateway } from '../src/gateway.ts';
import { buildConsole } from './build-console.mjs';
import { shrinkPng } from './shrink-png.ts';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const adminKey = 'key-of-the-screenshots-0123456789';
const size = { width: 1280, height: 800 };

interface Shot {
  readonly name: string;
  readonly path: string;
  readonly theme?: 'light' | 'dark';
  /** In pixels, where there is less to see. */
  readonly height?: number;
  /** Resolves once the page shows what the picture is of. */
  ready(page: Page): Promise<unknown>;
}

const shots: readonly Shot[] = [
  {
    name: 'overview',
    path: '/?range=15m',
    ready: async (page) => {
      await page.getByRole('row').filter({ hasText: 'NO_INBOX' }).first().waitFor();
      await page.locator('.u-over').waitFor();
    },
  },
  {
    name: 'events',
    path: '/events?q=topic%3Aorder.*%2Cstock.*%2Cparcel.*',
    ready: (page) => page.getByText('parcel.ship').first().waitFor(),
  },
  {
    name: 'event',
    path: '/events/FAILED',
    ready: (page) => page.getByText('No carrier serves').first().waitFor(),
  },
  {
    name: 'chain',
    path: '/chains/order-1042',
    theme: 'dark',
    ready: (page) => page.locator('.graph-node').nth(4).waitFor(),
  },
  {
    name: 'chains',
    path: '/chains?show=failed',
    ready: (page) => page.getByText('NO_CARRIER').first().waitFor(),
  },
  {
    name: 'consumers',
    path: '/consumers',
    height: 360,
    ready: (page) => page.getByText('invoice.write').first().waitFor(),
  },
  { name: 'topics', path: '/topics', ready: (page) => page.getByText('demo.enrich').first().waitFor() },
];

type Ask = <Data>(query: string, variables?: object) => Promise<Data>;

async function main(): Promise<void> {
  await buildConsole();
  const folder = mkdtempSync(join(tmpdir(), 'throughline-screenshots-'));
  const gateway = createGateway({ port: 0, dataFolder: folder, adminKey, logLevel: 'warn' });
  try {
    const { url } = await gateway.start();
    const env = { ...process.env, THROUGHLINE_URL: url, THROUGHLINE_ADMIN_KEY: adminKey };
    await promisify(execFile)(process.execPath, ['--import', 'tsx', 'examples/demo.ts'], { env });
    const failed = await fill(askOf(url));
    await shoot(url, process.argv.slice(2), failed);
  } finally {
    await gateway.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function askOf(url: string): Ask {
  return async <Data>(query: string, variables: object = {}) => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = (await response.json()) as { data: Data; errors?: unknown };
    if (errors) throw new Error(JSON.stringify(errors));
    return data;
  };
}

/** All pictures, or those that are named. `failed` is the id of an event that failed. */
async function shoot(url: string, names: readonly string[], failed: string): Promise<void> {
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  try {
    for (const shot of shots) {
      if (names.length > 0 && !names.includes(shot.name)) continue;
      const context = await browser.newContext({
        viewport: { ...size, ...(shot.height !== undefined && { height: shot.height }) },
        colorScheme: shot.theme ?? 'light',
      });
      const page = await context.newPage();
      await page.goto(`${url}/console/icon.svg`);
      await page.evaluate((key) => sessionStorage.setItem('throughline:key', key), adminKey);
      await page.goto(`${url}/console${shot.path.replace('FAILED', failed)}`);
      await shot.ready(page);
      await page.waitForLoadState('networkidle');
      const png = shrinkPng(await page.screenshot({ animations: 'disabled', caret: 'hide' }));
      writeFileSync(`docs/images/console-${shot.name}.png`, png);
      process.stdout.write(`console-${shot.name}.png: ${Math.ceil(png.length / 1_000)} kB\n`);
      await context.close();
    }
  } finally {
    await browser.close();
  }
}

/** Orders with what they cause, of which one fails, and a consumer with a backlog. The id of an event that failed. */
async function fill(ask: Ask): Promise<string> {
  for (const number of [1040, 1041, 1042, 1043]) await sendOrder(ask, `order-${number}`, number === 1042);
  await ask(
    'mutation { enrollMany(input: {consumer: "invoices", sourceTopics: ["order.paid"], targetTopic: "invoice.write", worker: "invoices-1"}, count: 2) { attempt } }',
  );
  const { events } = await ask<{ events: { nodes: { id: string }[] } }>(
    '{ events(filter: {topics: ["parcel.ship"], statuses: [FAILED]}, first: 1) { nodes { id } } }',
  );
  return events.nodes[0]!.id;
}

const workOf: Readonly<Record<string, string>> = {
  'stock.check': 'Count the stock',
  'stock.reserve': 'Reserve an article',
  'fraud.score': 'Score the payment',
  'parcel.pack': 'Pack the parcel',
  'parcel.label': 'Print the label',
  'parcel.ship': 'Hand over the parcel',
};

async function sendOrder(ask: Ask, requestId: string, fails: boolean): Promise<void> {
  const send = async (input: object): Promise<string> => {
    const { sendEvent } = await ask<{ sendEvent: { event: { id: string } } }>(
      'mutation ($input: SendEventInput!) { sendEvent(input: $input) { event { id } } }',
      { input: { requestId, project: 'shop', ...input } },
    );
    return sendEvent.event.id;
  };
  const update = (input: object) =>
    ask('mutation ($input: UpdateEventInput!) { updateEvent(input: $input) { id } }', { input });
  /** Waits and runs for a while, as work does. */
  const work = async (
    topic: string,
    dependsOn: string,
    [waitMs, runMs]: [number, number],
    error?: object,
  ) => {
    const payload = {
      order: requestId,
      warehouse: 'Hamburg',
      address: { city: 'Nowhere', postalCode: '99999' },
    };
    const description = `${workOf[topic]} for ${requestId}`;
    const id = await send({ topic, dependsOn, description, payload, sender: 'shop', finished: false });
    await pause(waitMs);
    await update({ id, status: 'IN_PROGRESS' });
    await pause(runMs);
    await update({ id, ...(error ? { status: 'FAILED', error } : { status: 'FINISHED' }) });
    return id;
  };
  const order = await send({
    topic: 'order.paid',
    description: 'Paid by card',
    sender: 'shop',
    payload: { total: 39.8, customer: { id: 7, name: 'Ada' } },
  });
  await Promise.all([
    work('stock.check', order, [90, 160]).then((check) => work('fraud.score', check, [40, 220])),
    ...Array.from({ length: 9 }, (_, index) => work('stock.reserve', order, [60 + 25 * index, 120])),
    (async () => {
      const packed = await work('parcel.pack', order, [350, 500]);
      const shipping = await work('parcel.label', packed, [60, 110]);
      const code = { code: 'NO_CARRIER', message: 'No carrier serves the postal code 99999.' };
      await work('parcel.ship', shipping, [150, 300], fails ? code : undefined);
    })(),
  ]);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

await main();
