// The hooks in a real browser, with React 19: they show what happens, and resume after an interruption.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hasBrowser, openPage } from '../browser/browser.ts';
import { describeEmbedded } from '../support/database.ts';
import { fresh, key } from '../support/gateway.ts';
import { clientTests, endOfLog } from './support.ts';

const page = `
  import { createElement as e } from 'react';
  import { createRoot } from 'react-dom/client';
  import { createClient } from './src/client/client.ts';
  import * as hooks from './src/client/react.ts';
  const { gateway, key, requestId, id, topic, after } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  const client = createClient({ url: gateway, key });
  function Show() {
    const chain = hooks.useChain(requestId);
    const event = hooks.useEvent(id);
    const live = hooks.useLive({ filter: { topics: [topic] }, after });
    const progress = hooks.useProgress(id);
    return e('pre', null, [
      'chain ' + chain.data.map((event) => event.topic + '=' + event.status).join(','),
      'event ' + event.data?.status,
      'live ' + live.data.map(({ event }) => event.payload.n).join(','),
      'progress ' + progress.data?.progress,
    ].join('\\n'));
  }
  createRoot(document.body).render(e(hooks.ThroughlineProvider, { client }, e(Show)));`;

async function serve(): Promise<Server> {
  const { outputFiles } = await build({
    stdin: { contents: page, resolveDir: process.cwd() },
    ...{
      bundle: true,
      format: 'esm',
      write: false,
      outdir: 'page',
      define: { 'process.env.NODE_ENV': '"production"' },
    },
  });
  const script = outputFiles[0]!.text;
  const server = createServer(({ url }, response) => {
    const isScript = url === '/page.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(
      isScript
        ? script
        : '<!doctype html><link rel="icon" href="data:,"><body><script type="module" src="/page.js"></script>',
    );
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return server;
}

describeEmbedded('Hooks', (backend) => {
  const tests = clientTests(backend);
  let server: Server;
  beforeAll(async () => void (server = await serve()));
  afterAll(() => void server?.close());

  test.skipIf(!hasBrowser)(
    'show a request, an event, a feed and progress, and resume when the connection was cut',
    async () => {
      const client = tests.client();
      const [requestId, topic] = [fresh('request'), fresh('work')];
      const { id } = await client.send(topic, { n: 1 }, { requestId, finished: false });
      const after = await endOfLog(client);
      const values = { gateway: tests.proxy.url, key, requestId, id, topic: `${topic}.*`, after };
      const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/#${new URLSearchParams(values)}`;
      const { page: shown, complaints } = await openPage(address);
      const shows = (line: string) => shown.getByText(line).waitFor({ timeout: 15_000 });
      await shows(`chain ${topic}=PENDING`);
      await shows('event PENDING');
      const update = 'mutation($input: UpdateEventInput!) { updateEvent(input: $input) { id } }';
      const reporting = setInterval(
        () => void client.mutate(update, { input: { id, progress: 40 } }).catch(() => {}),
        100,
      );
      await shows('progress 40');
      clearInterval(reporting);
      await client.send(`${topic}.a`, { n: 2 }, { requestId });
      await shows('live 2');
      tests.proxy.cut();
      const direct = tests.client({ url: tests.gateway.url });
      await direct.mutate(update, { input: { id, status: 'FINISHED' } });
      await direct.send(`${topic}.b`, { n: 3 }, { requestId });
      await shows('event FINISHED');
      await shows('live 3,2');
      await shows(`chain ${topic}=FINISHED,${topic}.a=FINISHED,${topic}.b=FINISHED`);
      expect(complaints.filter((text) => !text.startsWith('asked ') && !text.includes('WebSocket'))).toEqual(
        [],
      );
      await shown.close();
    },
  );
});
