// The orderly end: what a signal does to sockets, requests in flight and those who send.
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { describeDatabases, describeEmbedded } from '../support/database.ts';
import { adminKey, GatewayProcess, settingsFor, startGateway } from '../support/process.ts';
import { Crowd, patience } from './crowd.ts';
import { discrepancies } from './ledger.ts';

/** A socket with its key accepted; the promise tells the code that it is closed with. */
async function openSocket(url: string): Promise<{ closed: Promise<number> }> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  await once(socket, 'open');
  const closed = once(socket, 'close').then(([code]) => code as number);
  socket.send(
    JSON.stringify({
      type: 'connection_init',
      payload: { authorization: `Bearer ${adminKey}` },
    }),
  );
  await once(socket, 'message');
  return { closed };
}

/** Fails if the end takes longer than the ten seconds that it may. */
async function endOf(gateway: GatewayProcess): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(() => resolve('it took longer than 10 s'), 10_000);
  });
  const end = await Promise.race([gateway.exit, late]);
  clearTimeout(timer);
  return end;
}

describeDatabases('A signal under load', (backend) => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    '%s ends the process with 0 in time, closes sockets with 1001, and keeps all that was answered',
    async (signal) => {
      const settings = settingsFor(await backend.target());
      const gateway = await startGateway(settings);
      const url = await gateway.url;
      const crowd = new Crowd();
      crowd.address.set(url);
      const sockets = await Promise.all(Array.from({ length: 10 }, () => openSocket(url)));
      await crowd.busy(50);

      gateway.signal(signal);
      expect(await endOf(gateway)).toEqual({ code: 0, signal: null });
      expect(new Set(await Promise.all(sockets.map(({ closed }) => closed)))).toEqual(new Set([1001]));
      expect(gateway.stderr).not.toContain('throughline: ');
      crowd.address.clear();

      const next = await startGateway(settings);
      const nextUrl = await next.url;
      expect(await discrepancies(crowd.ledger, nextUrl)).toEqual([]);
      crowd.address.set(nextUrl);
      await crowd.settle(nextUrl);
      await next.stop();
    },
  );
});

describeEmbedded('A second signal', (backend) => {
  test('ends the process at once, without waiting for the request that the first one waits for', async () => {
    const gateway = await startGateway(settingsFor(await backend.target()));
    const { hostname, port } = new URL(await gateway.url);
    const request = connect(Number(port), hostname);
    request.on('error', () => {});
    await once(request, 'connect');
    const head = [
      'POST /graphql HTTP/1.1',
      'Host: localhost',
      `X-Api-Key: ${adminKey}`,
      'Expect: 100-continue',
    ];
    request.write(`${head.join('\r\n')}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n`);
    // Its answer shows that the request, whose body never comes, is being worked on.
    await once(request, 'data');

    gateway.signal('SIGTERM');
    await gateway.said(/SIGTERM: stopping/);
    gateway.signal('SIGTERM');
    // An orderly end would be 0.
    expect(await gateway.exit).toEqual({ code: 1, signal: null });
    expect(gateway.stderr).not.toContain('throughline: ');
    request.destroy();
  });
});

describeEmbedded('A signal during the start', (backend) => {
  test('is an orderly end too, which gives the data folder free', async () => {
    const target = await backend.target();
    const gateway = new GatewayProcess(settingsFor(target));
    await vi.waitFor(() => expect(existsSync(join(target.folder, 'lock/holder'))).toBe(true), patience);
    await gateway.stop();
    // Its lock went with it: the next one starts at once.
    const next = await startGateway(settingsFor(target));
    await next.stop();
  });
});
