// The check of the Host header, against DNS rebinding by pages whose domain resolves to this machine.
import type { IncomingMessage } from 'node:http';
import { isLoopback } from '../base/loopback.ts';
import type { Config } from '../config.ts';

/** A name or an address, and its port. */
const authority = /^(\[[\da-f:.]+\]|[^:[\]@/?#\\\s]+)(?::\d*)?$/i;

/**
 * Whether a request may have come under the name in its `Host` header. Without `allowedHosts`, a gateway that listens on
 * loopback goes by loopback names alone, and any other is not checked. A request without the header (HTTP/1.0) comes from
 * no browser.
 */
export function createHostCheck({
  allowedHosts,
  host,
}: Pick<Config, 'allowedHosts' | 'host'>): (request: IncomingMessage) => boolean {
  if (allowedHosts?.includes('*') || (allowedHosts === null && !isLoopback(host))) return () => true;
  const names = new Set(allowedHosts);
  let lastAllowed: string | undefined;
  return ({ headers }) => {
    const given = headers.host;
    if (given === lastAllowed || given === undefined) return true;
    const name = authority.exec(given)?.[1]?.toLowerCase().replace(/\.$/, '');
    if (name === undefined || !(names.has(name) || isLoopback(name))) return false;
    lastAllowed = given;
    return true;
  };
}

export function hostRefusal({ headers: { host = '' } }: IncomingMessage): string {
  return `The gateway is not known as ${JSON.stringify(host.slice(0, 100))}; use localhost or a loopback address, or name the host in THROUGHLINE_ALLOWED_HOSTS.`;
}
