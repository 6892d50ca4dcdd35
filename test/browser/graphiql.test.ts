// The GraphiQL page in a real browser: behind a TLS proxy with a path prefix, and with its key dialog.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { request as forward } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openEmbedded } from '../../src/database/embedded/embedded.ts';
import { createGateway, type Gateway } from '../../src/gateway.ts';
import { embeddedTemplate } from '../support/database.ts';
import { hasBrowser, openPage } from './browser.ts';

const adminKey = 'graphiql-test-key-0123456789';
let folder: string | undefined;
let gateway: Gateway | undefined;
let gatewayUrl: string;
let proxy: Server | undefined;
let proxyUrl: string;

/** The page is nine megabytes of script. */
const patient = { timeout: 45_000 };

/** A certificate that nobody signed; the browser is configured to accept it. */
function selfSigned(folder: string): { key: Buffer; cert: Buffer } {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=localhost', '-days', '1', '-nodes', '-keyout', key, '-out', cert];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', ...subject], { stdio: 'ignore' });
  return { key: readFileSync(key), cert: readFileSync(cert) };
}

/** Serves https://…/prefix/graphql as a reverse proxy does: without the prefix, under another host and without TLS. */
async function proxyTo(target: string, folder: string): Promise<Server> {
  const { hostname, port } = new URL(target);
  const server = createServer(selfSigned(folder), (request, response) => {
    const path = (request.url ?? '').replace('/prefix', '');
    const options = {
      hostname,
      port,
      path,
      method: request.method,
      headers: { ...request.headers, host: hostname },
    };
    const onward = forward(options, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

beforeAll(async () => {
  if (!hasBrowser) return;
  folder = await mkdtemp(join(tmpdir(), 'throughline-browser-'));
  const database = await openEmbedded('memory://', { from: embeddedTemplate });
  gateway = createGateway({ port: 0, adminKey, logLevel: 'silent' }, { database });
  gatewayUrl = `${(await gateway.start()).url}/graphql`;
  proxy = await proxyTo(gatewayUrl, folder);
  proxyUrl = `https://127.0.0.1:${(proxy.address() as AddressInfo).port}/prefix/graphql`;
});

afterAll(async () => {
  proxy?.closeAllConnections();
  proxy?.close();
  await gateway?.stop();
  if (folder) await rm(folder, { recursive: true });
});

async function signIn(page: Page, key = adminKey): Promise<void> {
  await page.getByRole('textbox', { name: 'API key' }).fill(key);
  await page.getByRole('button', { name: 'Use this key' }).click();
}

describe.skipIf(!hasBrowser)('The GraphiQL page', () => {
  test('works behind a TLS proxy and a path prefix, without a complaint of the browser', async () => {
    const { page, complaints } = await openPage(proxyUrl);
    await signIn(page);
    await page.getByRole('button', { name: /Execute query/ }).click();
    await page.getByRole('menuitem', { name: 'Send' }).click();
    await expect.poll(() => page.locator('.result-window').innerText(), patient).toContain('order-1041');
    expect(complaints).toEqual([]);
  });

  test('accepts only a key with which the gateway answers, and keeps it in the session storage alone', async () => {
    const { page } = await openPage(gatewayUrl);
    const complaint = page.locator('#throughline-key output');
    await signIn(page, 'a-wrong-key');
    await expect.poll(() => complaint.innerText(), patient).toBe('The gateway does not know this key.');
    await page.route('**/graphql', (route) => route.fulfill({ status: 200, body: '<html>sign in</html>' }));
    await signIn(page);
    await expect.poll(() => complaint.innerText(), patient).toContain('did not answer');
    await page.unroute('**/graphql');
    await signIn(page);
    await page.locator('#throughline-key').waitFor({ state: 'hidden' });
    const kept = await page.evaluate(() => ({
      session: Object.values({ ...sessionStorage }),
      local: JSON.stringify({ ...localStorage }),
    }));
    expect(kept.session).toContain(adminKey);
    expect(kept.local).not.toContain(adminKey);
  });
});
