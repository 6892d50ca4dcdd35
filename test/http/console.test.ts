// The console's page and files, as far as they can be checked without a browser.
import { describe, expect, it } from 'vitest';
import { get, serve } from './support.ts';

const browser = { accept: 'text/html,*/*;q=0.8' };

describe('The console', () => {
  it('is where a browser is led from the root, relative to any prefix of a proxy', async () => {
    const server = await serve();
    for (const path of ['/', '/console']) {
      const { status, headers } = await get(server, path, browser, { redirect: 'manual' });
      expect([status, headers.get('location')]).toEqual([308, './console/']);
    }
  });

  it('is served without a key, for each of its addresses, with a strict policy and no inline script', async () => {
    const server = await serve();
    for (const [path, base] of [
      ['/console/', './'],
      ['/console/events', './'],
      ['/console/events/0190', '../'],
    ] as const) {
      const { status, headers, body } = await get(server, path, browser);
      expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
      expect(headers.get('content-security-policy')).toContain("script-src 'self';");
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
      expect(headers.get('cache-control')).toBe('no-cache');
      expect(body).toContain(`<base href="${base}" />`);
      expect(body).not.toMatch(/<script>|(?:src|href)="(?:https?:|\/)/);
    }
  });

  it('has files that a browser may keep for ever, compressed, and loads at most 250 KB of script at first', async () => {
    const server = await serve();
    const { body } = await get(server, '/console/', browser);
    const scripts = [...String(body).matchAll(/(?:src|href)="\.\/(assets\/[^"]+\.js)"/g)].map(
      ([, url]) => url!,
    );
    expect(scripts.length).toBeGreaterThan(0);
    let bytes = 0;
    for (const script of scripts) {
      const { status, headers } = await get(server, `/console/${script}`, { accept: '*/*' });
      expect([status, headers.get('content-encoding')]).toEqual([200, 'gzip']);
      expect(headers.get('cache-control')).toContain('immutable');
      bytes += Number(headers.get('content-length'));
    }
    expect(bytes).toBeLessThanOrEqual(250 * 1024);
  });

  it('says what is wrong where a file of another version is asked for', async () => {
    const server = await serve();
    const { status } = await get(server, '/console/assets/gone-0123.js', { accept: '*/*' });
    expect(status).toBe(404);
  });
});
