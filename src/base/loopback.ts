// Which host names and addresses are this machine's own loopback.
import { BlockList, isIP } from 'node:net';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether it is `localhost` or a loopback address; an IPv6 address may be in brackets. */
export function isLoopback(host: string): boolean {
  const address = host.replace(/^\[(.*)\]$/, '$1');
  const version = isIP(address);
  return version === 0
    ? address.toLowerCase() === 'localhost'
    : loopback.check(address, version === 4 ? 'ipv4' : 'ipv6');
}
