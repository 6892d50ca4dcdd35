// The examples in Python: a worker whose jobs end once, and a watcher without a gap or a repeat, through a killed gateway.
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createClient } from '../../src/client/client.ts';
import { describeDatabases } from '../support/database.ts';
import { freePort } from '../support/port.ts';
import { adminKey, settingsFor, startGateway } from '../support/process.ts';
import { Program } from '../support/program.ts';

const python = ['/usr/bin/python3', 'python3'].find(
  (command) => spawnSync(command, ['-c', 'import websockets']).status === 0,
);
// In CI a missing Python is a failure.
const isSkipped = python === undefined && process.env.CI === undefined;

describe.skipIf(isSkipped)('The examples in Python (need python3-websockets)', () => {
  describeDatabases('through a killed gateway', (backend) => {
    test('each job ends once, and a watcher sees each change once', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'throughline-python-'));
      onTestFinished(() => rm(folder, { recursive: true, force: true }));
      const port = await freePort();
      const url = `http://127.0.0.1:${port}`;
      const settings = { ...settingsFor(await backend.target()), PORT: port };
      let gateway = await startGateway(settings);
      const env = { THROUGHLINE_URL: url, THROUGHLINE_KEY: adminKey, PYTHONDONTWRITEBYTECODE: '1' };
      const start = (file: string, ...args: string[]) =>
        new Program(
          file,
          [resolve('examples/python', file), ...args],
          folder,
          env,
          undefined,
          python ?? 'python3',
        );
      const client = createClient({ url, key: adminKey });
      const watcher = start('watch.py', 'position', 'order.paid', 'invoice.*');
      const worker = start('worker.py');
      for (let n = 1; n <= 5; n += 1) await client.send('order.paid', { total: n });
      await worker.said(/FINISHED/);
      await gateway.kill();
      gateway = await startGateway(settings);
      for (let n = 6; n <= 10; n += 1) await client.send('order.paid', { total: n });
      await client.send('order.paid', {});
      await worker.said(/FAILED .*no total/);
      await worker.said(/(?:FINISHED[^]*){10}/);
      expect(await worker.terminate()).toEqual({ code: 0, signal: null });

      const query = `{ jobs: events(filter: {topics: ["invoice.write"]}) { nodes { id status result error { code } } }
        sent: events(filter: {topics: ["invoice.written"]}) { nodes { id } } position }`;
      interface Found {
        readonly jobs: {
          readonly nodes: readonly { readonly status: string; readonly result: { total: number } | null }[];
        };
        readonly sent: { readonly nodes: readonly unknown[] };
      }
      const { jobs, sent } = await client.query<Found, object>(query);
      const finished = jobs.nodes.filter(({ status }) => status === 'FINISHED');
      const totals = finished.map(({ result }) => result!.total).sort((a, b) => a - b);
      expect(totals).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      expect(sent.nodes).toHaveLength(10);

      const changes: string[] = [];
      const last = await client.send('order.paid', { total: 11 });
      for await (const { kind, status, event } of client.watch({
        after: '0',
        filter: { topics: ['order.paid', 'invoice.*'] },
      })) {
        changes.push(`${kind} ${status} ${event.topic} ${event.id}`);
        if (event.id === last.id) break;
      }
      await watcher.said(new RegExp(last.id));
      expect(watcher.stdout.trim().split('\n')).toEqual(changes);
      watcher.signal('SIGINT');
      expect((await watcher.exit).code).toBe(0);
      const again = start('watch.py', 'position', 'order.paid', 'invoice.*');
      const { id } = await client.send('order.paid', { total: 12 });
      await again.said(new RegExp(id));
      expect(again.stdout.trim().split('\n')).toHaveLength(1);
      await client.close();
      await gateway.stop();
    });
  });

  test('a worker waits for a gateway that is away', async () => {
    const run = spawnSync(python ?? 'python3', [resolve('examples/python/worker.py')], {
      env: { THROUGHLINE_URL: 'http://127.0.0.1:9', THROUGHLINE_KEY: 'k' },
      timeout: 1_500,
    });
    // A gateway that is away is waited for.
    expect(run.error).toMatchObject({ code: 'ETIMEDOUT' });
  });
});
