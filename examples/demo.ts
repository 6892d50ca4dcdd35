// The demo: 329 GitHub deliveries become request chains in a gateway, watched live and then read back and checked.
import { Bars, type Row } from './demo/bars.ts';
import { Board } from './demo/board.ts';
import { isSentTwice, runChain } from './demo/chain.ts';
import {
  checkChanges,
  checkCounts,
  checkDeliveries,
  checkPayloads,
  checkProgress,
  printChecks,
} from './demo/checks.ts';
import { connect } from './demo/connections.ts';
import { deliveries } from './demo/deliveries.ts';
import { openGateway } from './demo/open-gateway.ts';
import { paint, say } from './demo/paint.ts';
import { readChain, readCounts, readFailed, readPayloads } from './demo/reading-back.ts';
import { printChain, printCounts, printFailures } from './demo/report.ts';
import { Run } from './demo/run.ts';
import { recipients, steps, topicOf } from './demo/steps.ts';
import { Watching } from './demo/watching.ts';

/** How many requests are under way at once. */
const concurrency = 16;

async function main(): Promise<boolean> {
  const began = performance.now();
  const { url, key, close } = await openGateway(process.env);
  const connections = connect(url, key);
  try {
    const run = new Run(connections);
    say(`Sending ${deliveries.length} GitHub deliveries to ${url} as project ${run.project}`);
    const isRight = await Promise.race([demonstrate(run), interruption()]);
    say(`It took ${((performance.now() - began) / 1_000).toFixed(1)} s in all.`);
    return isRight;
  } finally {
    await connections.close();
    await close();
  }
}

/** Ctrl-C ends the demo as an error does, so that it still stops its gateway and removes the folder. */
function interruption(): Promise<never> {
  return new Promise((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'])
      process.once(signal, () => reject(new Error(`stopped by ${signal}`)));
  });
}

/** Whether everything that the gateway told was right. */
async function demonstrate(run: Run): Promise<boolean> {
  const board = new Board();
  const resumed = await runAll(run, board);
  return report(run, board, resumed);
}

/** Sends and works on everything, while the bars show what comes over the subscriptions. */
async function runAll(run: Run, board: Board): Promise<number> {
  // The run is an event itself. The feed begins with it.
  const first = await run.sendOnce({
    topic: 'demo.run',
    sender: 'demo',
    requestId: `${run.project}/run`,
    finished: false,
  });
  const watching = new Watching(run, first, board);
  const bars = new Bars(board, rows());
  await Promise.race([watching.listening(first), watching.broken]);
  bars.start();
  try {
    await Promise.race([runChains(run), watching.broken]);
    await run.change({ id: first.id, status: 'FINISHED' });
    await watching.caughtUp();
  } finally {
    bars.stop();
    await watching.stop();
  }
  return watching.resumed;
}

/** What the bars count: how many events there will be follows from the deliveries; how many there are, the feed tells. */
function rows(): Row[] {
  const count = deliveries.length;
  const notifications = deliveries.reduce((sum, delivery) => sum + recipients(delivery).length, 0);
  const expected = { validate: count, enrich: count, notify: notifications };
  const row = (label: string, wanted: string, of: number): Row => ({
    label,
    expected: of,
    isOfRow: (topic) => topic.startsWith(wanted),
  });
  return [
    row('deliveries', 'github.', count),
    ...steps.map((step) => row(step, topicOf(step), expected[step])),
    { label: 'all', expected: 3 * count + notifications, isOfRow: (topic) => topic !== 'demo.run' },
  ];
}

/** Several workers, each of which takes the next delivery when it is done with one. */
async function runChains(run: Run): Promise<void> {
  const waiting = deliveries.values();
  const worker = async () => {
    for (const delivery of waiting) await runChain(run, delivery);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}

/** From here on everything is read back out of the gateway. */
async function report(run: Run, board: Board, resumed: number): Promise<boolean> {
  const { gateway, ledger, project } = run;
  const topics = [...new Set(deliveries.map(({ topic }) => topic))];
  const count = (topic: string) => readCounts(gateway, project, topic);
  const byDelivery = await Promise.all(topics.map(count));
  const byWork = await Promise.all([...steps.map(topicOf), 'demo.run'].map(count));
  const all = await readCounts(gateway, project, 'github.*');
  const failed = await readFailed(gateway, project);
  const shown = failed.find(({ topic }) => topic === topicOf('notify')) ?? failed[0]!;

  say();
  printCounts(byDelivery, byWork);
  say();
  printFailures(failed);
  say();
  printChain(await readChain(gateway, shown.requestId));
  say();
  return printChecks([
    checkDeliveries(deliveries, all.total, ledger, deliveries.filter(isSentTwice).length),
    checkPayloads(deliveries, project, await readPayloads(gateway, project)),
    checkCounts(ledger, [...byDelivery, ...byWork]),
    checkChanges(ledger, board, resumed),
    checkProgress(ledger, board),
  ]);
}

main().then(
  (isRight) => process.exit(isRight ? 0 : 1),
  (error: Error) => {
    process.stderr.write(`${paint('red', 'The demo failed:')} ${error.message}\n`);
    process.exit(1);
  },
);
