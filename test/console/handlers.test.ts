// The view of handlers in a real browser.
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { defineHandler } from '../../src/gateway.ts';
import {
  type ConsoleGateway,
  hasBrowser,
  openConsole,
  patient,
  startConsole,
  violations,
} from './support.ts';

const archive = defineHandler({
  fullName: 'events.Archive',
  title: 'Archives orders',
  source: 'order.paid',
  where: 'data.total > 10.0',
  failSender: false,
  run: ({ payload }) => {
    if (payload['total'] === 13) throw new Error('The archive is closed.');
    return 'archived';
  },
});

let gateway: ConsoleGateway;
let page: Page;
let complaints: readonly string[];
beforeAll(async () => {
  if (!hasBrowser) return;
  gateway = await startConsole(undefined, { handlers: [archive] });
  for (const total of [5, 11, 12, 13]) await send({ total });
  await send({});
  ({ page, complaints } = await openConsole(gateway, '/handlers'));
});

const send = (payload: object) =>
  gateway.ask(
    'mutation ($payload: JSON) { sendEvent(input: {topic: "order.paid", payload: $payload}) { executions { error { message } } } }',
    {
      payload,
    },
  );

const row = () => page.getByRole('row', { name: /^events\.Archive/ });
const cell = (index: number) => row().getByRole('cell').nth(index).innerText();

describe.skipIf(!hasBrowser)('The handlers', () => {
  test('are listed with what they run for, how often, how often they failed, and what their filter fails on', async () => {
    await expect.poll(() => cell(2), patient).toBe('3');
    expect(await cell(0)).toContain('Archives orders');
    expect(await cell(1)).toContain('data.total > 10.0');
    expect(await cell(3)).toBe('1');
    expect(await cell(7)).toContain('Its filter failed on 1 event:');
  });

  test('show their latest runs, and of these the failures alone, in the address', async () => {
    await row().getByRole('button', { name: 'events.Archive', exact: true }).click();
    const runs = page.getByRole('group', { name: 'Runs of events.Archive' }).getByRole('row');
    await expect.poll(() => runs.count(), patient).toBe(4);
    await page.getByLabel('Failures only').check();
    await expect.poll(() => runs.count(), patient).toBe(2);
    await runs.getByText('The archive is closed.').waitFor(patient);
    expect(page.url()).toContain('handler=events.Archive&failures=only');
  });

  test('are switched off and on, after a question that says what it means', async () => {
    const toggle = async (title: string) => {
      await row().getByRole('button', { name: title }).click();
      await page.getByRole('dialog').getByRole('button', { name: title, exact: true }).click();
      await page.getByRole('dialog').waitFor({ state: 'detached', ...patient });
    };
    await toggle('Switch off');
    await expect.poll(() => cell(7), patient).toContain('off');
    const { sendEvent } = await send({ total: 100 });
    expect(sendEvent.executions).toEqual([]);
    await toggle('Switch on');
    await expect.poll(() => cell(7), patient).toContain('on');
    expect((await send({ total: 100 })).sendEvent.executions).toHaveLength(1);
  });

  test.each(['light', 'dark'] as const)(
    'have no violations of accessibility in the %s theme',
    async (theme) => {
      expect(await violations(page, theme)).toEqual([]);
    },
  );

  test('complain of nothing', () => {
    expect(complaints).toEqual([]);
  });
});
