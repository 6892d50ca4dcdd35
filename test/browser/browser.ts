// A real browser for tests: Debian's Chromium, with what it shows on its console and what it asks of other hosts.
import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll } from 'vitest';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** In CI a missing browser is a failure: launching it then says what is not there. */
export const hasBrowser = existsSync(executablePath) || process.env.CI !== undefined;

let launched: Promise<Browser> | undefined;
afterAll(async () => (await launched)?.close());

function browser(): Promise<Browser> {
  launched ??= chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'],
  });
  return launched;
}

export interface OpenPage {
  readonly page: Page;
  /** Errors on the console, failures of scripts, and requests to other hosts than the page's. */
  readonly complaints: readonly string[];
}

/** A page in a profile of its own. */
export async function openPage(url: string, options: BrowserContextOptions = {}): Promise<OpenPage> {
  const context = await (await browser()).newContext({ ignoreHTTPSErrors: true, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  const { host } = new URL(url);
  page.on('console', (message) => {
    // Browsers look for this icon where a page names none, such as an image.
    if (message.type() === 'error' && !message.location().url.endsWith('/favicon.ico'))
      complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => {
    const asked = new URL(request.url());
    if (!['data:', 'blob:'].includes(asked.protocol) && asked.host !== host)
      complaints.push(`asked ${asked.href}`);
  });
  await page.goto(url);
  return { page, complaints };
}
