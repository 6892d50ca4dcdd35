// The example that waits for requests to a webhook, as its user runs it: what it takes, what it leaves, how it ends.
import { beforeAll, expect, test } from 'vitest';
import { describeEmbedded } from '../support/database.ts';
import { fresh } from '../support/gateway.ts';
import { freePort } from '../support/port.ts';
import { adminKey, ask, type GatewayProcess, settingsFor, startGateway } from '../support/process.ts';
import { WorkerProcess } from '../support/worker.ts';

describeEmbedded('The webhook program of the examples', (backend) => {
  let gateway: GatewayProcess;
  let url: string;
  let restart: () => Promise<GatewayProcess>;
  beforeAll(async () => {
    const settings = { ...settingsFor(await backend.target()), PORT: await freePort() };
    restart = () => startGateway(settings);
    gateway = await restart();
    url = await gateway.url;
  });

  /** Once it has said where requests go. */
  async function start(more: Readonly<Record<string, string>> = {}) {
    const settings = {
      THROUGHLINE_URL: url,
      THROUGHLINE_KEY: adminKey,
      TRIGGER: fresh('hook'),
      ...more,
    };
    const program = new WorkerProcess('examples/webhook.ts', settings);
    const [, address] = await program.said(/Waiting as long as it takes for a GET of (\S+)\n/);
    return { program, address: address! };
  }

  async function request(address: string, init: RequestInit = {}): Promise<void> {
    expect((await fetch(address, init)).status).toBe(202);
  }

  async function subscriptionsLeft(): Promise<number> {
    const { data } = await ask<{ subscriptions: { nodes: object[] } }>(
      url,
      '{ subscriptions { nodes { id } } }',
    );
    return data!.subscriptions.nodes.length;
  }

  test('prints the address with nothing behind it, so that it can be copied', async () => {
    const { program, address } = await start({ THROUGHLINE_URL: `${url}/` });
    const line = program.stdout.split('\n').find((each) => each.includes('/webhooks/'))!;
    expect(line.split(' ').at(-1)).toBe(address);
    expect(new URL(address).href).toBe(address);
    await request(address);
    await program.said(/Got GET /);
    await program.stop();
  });

  test('takes a GET, then a POST, of the right path alone, and ends its subscriptions', async () => {
    const { program, address } = await start();
    expect(await subscriptionsLeft()).toBe(1);
    await request(address, { method: 'POST', body: 'too early' });
    await request(`${address}/purr`);
    await request(`${address}?name=Tom`);
    await program.said(/Got GET \/webhooks\/\w+\/meow\?name=Tom\n/);
    await program.said(/Waiting for another GET, or a POST/);
    await request(address, { method: 'PUT' });
    await request(address, { method: 'POST', body: 'milk' });
    expect(await program.exit).toEqual({ code: 0, signal: null });
    expect(program.stdout).toMatch(/Got POST \S+\/meow with "milk", the POST\nDone\n$/);
    expect(await subscriptionsLeft()).toBe(0);
  });

  test('takes what came while it was doing something else, one by one', async () => {
    const { program, address } = await start();
    await request(`${address}?n=1`);
    await request(`${address}?n=2`);
    await request(`${address}?n=3`);
    expect((await program.exit).code).toBe(0);
    expect(program.stdout).toMatch(/Got GET \S+n=1\n[^]*Got GET \S+n=2, a GET again\nDone\n$/);
  });

  test('says that none came in time', async () => {
    const { program, address } = await start({ WITHIN_MS: '100' });
    await request(address);
    expect((await program.exit).code).toBe(0);
    expect(program.stdout).toMatch(/for 100 ms\nNone came in time\nDone\n$/);
    expect(await subscriptionsLeft()).toBe(0);
  });

  test('listens at the same address when it is run again', async () => {
    const TRIGGER = fresh('hook');
    const first = await start({ TRIGGER });
    expect(await first.program.stop()).toEqual({ code: 0, signal: null });
    expect(first.program.stdout).toMatch(/Stopped\nDone\n$/);
    expect(await subscriptionsLeft()).toBe(0);
    const second = await start({ TRIGGER });
    expect(second.address).toBe(first.address);
    expect((await second.program.stop()).code).toBe(0);
  });

  test('goes on after the gateway was away', async () => {
    const { program, address } = await start();
    await gateway.kill();
    await program.said(/No answer from .* Trying again/);
    gateway = await restart();
    await request(`${address}?late`);
    await program.said(/Got GET \S+\?late\n/);
    expect((await program.stop()).code).toBe(0);
    expect(await subscriptionsLeft()).toBe(0);
  });

  test('ends with 1 where its key is wrong', async () => {
    const program = new WorkerProcess('examples/webhook.ts', {
      THROUGHLINE_URL: url,
      THROUGHLINE_KEY: 'a key that nobody made',
    });
    expect((await program.exit).code).toBe(1);
    expect(program.stderr).toContain('key');
  });
  test('asks again where it was left without an answer and without a connection', async () => {
    const program = new WorkerProcess('test/examples/programs/left-without-answer.ts', {});
    expect(await program.exit).toEqual({ code: 0, signal: null });
    expect(program.stdout).toMatch(
      /^No answer from .* within 100 ms.* Trying again in \d+ ms\.\n\{"asked":2\}\n$/,
    );
  });
});
