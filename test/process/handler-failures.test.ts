// What handlers leave behind, in a real process: the gateway goes on and says whose it was; what others leave ends it, as ever.
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { appFolder, type Files } from '../handlers/app-fixture.ts';
import { describeEmbedded } from '../support/database.ts';
import { type GatewayProcess, type Settings, settingsFor, startGateway } from '../support/process.ts';
import { readRuns, sendWell } from './runs.ts';

const patience = { timeout: 30_000, interval: 50 };

function element(name: string, code: string, more: object = {}): Files {
  return {
    [`events/${name}/e.json`]: { type: 'events.NormalType', sender: `stray.${name}`, ...more },
    [`events/${name}/inner.ts`]: code,
  };
}

const files: Files = {
  ...element('Plain', 'export const customFunc = () => "fine";'),
  ...element(
    'Rejecting',
    'export function customFunc() { void Promise.reject(new Error("left by a promise")); }',
  ),
  ...element(
    'Throwing',
    'export function customFunc() { setTimeout(() => { throw new Error("left by its timer"); }, 10); }',
  ),
  ...element('Endless', 'export const customFunc = () => new Promise(() => {});', {
    asyncType: true,
    timeoutMs: 300,
    maxRetries: 0,
  }),
  ...element(
    'Loading',
    `void Promise.reject(new Error("left by loading"));
     setTimeout(() => { throw new Error("left by a timer of loading"); }, 10);
     export const customFunc = () => "loaded";`,
  ),
  'types/Stuck/e.json': { type: 'events.NormalType' },
  'types/Stuck/type.ts': `
    import { NormalType } from 'throughline';
    export class Stuck extends NormalType { override isValid(): any { return new Promise(() => {}); } }`,
  ...element('Unsure', 'export const customFunc = () => "never";', { type: 'types.Stuck' }),
};

interface Line {
  readonly msg: string;
  readonly handler?: string;
  readonly eventId?: string;
  readonly file?: string;
  readonly err?: { readonly message: string } | string;
}

/** The line of the log that tells of this error, once it is there. */
function logged(gateway: GatewayProcess, message: string): Promise<Line> {
  return vi.waitFor(() => {
    const lines = gateway.stderr.split('\n').filter((line) => line.startsWith('{') && line.endsWith('}'));
    const line = lines
      .map((each) => JSON.parse(each) as Line)
      .find(({ err }) => textOf(err).includes(message));
    expect(line, message).toBeDefined();
    return line!;
  }, patience);
}

function textOf(err: Line['err']): string {
  return typeof err === 'string' ? err : (err?.message ?? '');
}

describeEmbedded('What handlers leave behind', (backend) => {
  const start = async (more: Settings = {}) => {
    const gateway = await startGateway({
      ...settingsFor(await backend.target()),
      THROUGHLINE_APP: await appFolder(files),
      ...more,
    });
    return { gateway, url: await gateway.url };
  };

  test('is logged with the handler and its run, and harms nobody else', async () => {
    const { gateway, url } = await start();
    for (const message of ['left by loading', 'left by a timer of loading'])
      expect(await logged(gateway, message)).toMatchObject({ file: 'events/Loading/inner.ts' });
    expect((await sendWell(url, { topic: 'stray.Loading' })).executions).toMatchObject([
      { result: 'loaded' },
    ]);

    // While this one waits for an answer that never comes, the others are answered.
    const unsure = sendWell(url, { topic: 'stray.Unsure' }).then((sent) => ({
      ...sent,
      at: performance.now(),
    }));
    await sendWell(url, { topic: 'stray.Endless' });
    for (const [name, message] of [
      ['Rejecting', 'left by a promise'],
      ['Throwing', 'left by its timer'],
    ] as const) {
      const { executions } = await sendWell(url, { topic: `stray.${name}` });
      expect(executions).toMatchObject([{ handler: `events.${name}`, error: null }]);
      const [run] = executions;
      expect(await logged(gateway, message)).toMatchObject({ handler: run!.handler, eventId: run!.event.id });
    }
    const { executions } = await sendWell(url, { topic: 'stray.Plain' });
    expect(executions).toMatchObject([{ result: 'fine', error: null }]);
    const othersAnsweredAt = performance.now();

    const late = await unsure;
    expect(late.executions).toEqual([]);
    expect(late.at).toBeGreaterThan(othersAnsweredAt);
    await vi.waitFor(
      async () =>
        expect(await readRuns(url, 'events.Endless')).toMatchObject([
          { status: 'FAILED', error: { code: 'HANDLER_TIMEOUT' } },
        ]),
      patience,
    );
    await gateway.stop();
  });

  test.each([
    ['a rejection', 'Promise.reject(new Error("the host failed"))'],
    ['an exception', 'setImmediate(() => { throw new Error("the host failed"); })'],
  ])(
    'is not what the host’s own code leaves: %s ends the process, as Node has it',
    async (_what, failure) => {
      const host = await appFolder({ 'host.mjs': `process.on('SIGUSR2', () => { ${failure}; });` });
      const { gateway, url } = await start({ NODE_OPTIONS: `--import=${join(host, 'host.mjs')}` });
      await sendWell(url, { topic: 'stray.Rejecting' });
      await logged(gateway, 'left by a promise');
      gateway.signal('SIGUSR2');
      expect(await gateway.exit).toEqual({ code: 1, signal: null });
      expect(gateway.stderr).toContain('the host failed');
    },
  );
});
