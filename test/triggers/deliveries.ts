// Deliveries to webhooks in tests: any at all, and the 329 of GitHub, signed as GitHub signs them.
import { createHmac } from 'node:crypto';
import type { Delivery } from '../../examples/demo/deliveries.ts';
import type { TestGateway } from '../support/gateway.ts';

export interface Sent {
  readonly status: number;
  readonly eventId: string | null;
  readonly headers: Headers;
  readonly text: string;
}

/** With `suffix` after the URL's path. */
export async function deliver(
  gateway: TestGateway,
  url: string,
  init: RequestInit & { suffix?: string; duplex?: 'half' } = {},
): Promise<Sent> {
  const { suffix = '', ...rest } = init;
  const response = await fetch(`${gateway.url}${url}${suffix}`, { method: 'POST', ...rest });
  const { status, headers } = response;
  return { status, headers, eventId: headers.get('throughline-event-id'), text: await response.text() };
}

export function gitHubSignature(secret: string, body: string | Buffer): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}

/** As GitHub posts it to a webhook with this secret. */
export function deliverAsGitHub(
  gateway: TestGateway,
  url: string,
  secret: string,
  { number, name, payload }: Delivery,
): Promise<Sent> {
  const body = JSON.stringify(payload);
  const headers = {
    'content-type': 'application/json',
    'x-github-event': name,
    'x-github-delivery': `delivery-${number}`,
    'x-hub-signature-256': gitHubSignature(secret, body),
  };
  return deliver(gateway, url, { headers, body });
}
