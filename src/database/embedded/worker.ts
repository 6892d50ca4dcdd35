// The thread of the embedded database: processes requests in order and answers each.
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { PGlite, types } from '@electric-sql/pglite';
import { asError } from '../../base/errors.ts';
import type { Answer, Operation, Request, WorkerMessage, WorkerSettings } from './protocol.ts';
import { EmbeddedStatements } from './statements.ts';
import { defaultSchema } from '../migrations/schema-name.ts';
import { ServerLog } from './server-log.ts';
import { sessionStatement } from '../session.ts';
import { failureFields } from '../sql-failure.ts';

const port = parentPort as MessagePort;

function tell(message: WorkerMessage): void {
  port.postMessage(message);
}

const log = new ServerLog();
let isServing = false;

/** The statement that crashes the server may never return, so the failure is reported as soon as it is logged. */
function readLog(line: string): boolean {
  if (log.read(line) && isServing) tell({ kind: 'ended', reason: log.reason ?? line });
  return false;
}

async function open({ dataFolder, from }: WorkerSettings): Promise<PGlite> {
  const pglite = await PGlite.create({
    dataDir: dataFolder,
    parsers: { [types.INT8]: BigInt },
    onStderr: readLog,
    ...(from ? { loadDataDir: new Blob([from]) } : {}),
  });
  const { text, values } = sessionStatement(defaultSchema);
  await pglite.query(text, [...values]);
  return pglite;
}

interface Parts {
  readonly pglite: PGlite;
  readonly statements: EmbeddedStatements;
}

async function query(
  { pglite, statements }: Parts,
  { statement, inside }: Operation & { do: 'query' },
): Promise<Answer> {
  try {
    const { rows, command } = await statements.query(statement);
    return { rows, command: command ?? '' };
  } finally {
    if (!inside && pglite.isInTransaction()) await exec({ pglite, statements }, 'ROLLBACK');
  }
}

async function exec({ pglite, statements }: Parts, sql: string): Promise<Answer> {
  const results = await pglite.exec(sql);
  // The driver does not detect new types by itself.
  if (/\bTYPE\b/i.test(sql)) await pglite.refreshArrayTypes();
  const command = results.at(-1)?.command ?? '';
  if (command === 'ROLLBACK') statements.rolledBack();
  return { rows: [], command };
}

async function dump(pglite: PGlite): Promise<Answer> {
  const file = await pglite.dumpDataDir('none');
  return { rows: [], command: '', dump: new Uint8Array(await file.arrayBuffer()) };
}

async function perform(parts: Parts, operation: Operation): Promise<Answer> {
  const { pglite } = parts;
  switch (operation.do) {
    case 'query':
      return query(parts, operation);
    case 'exec':
      return exec(parts, operation.sql);
    case 'dump':
      return dump(pglite);
    case 'close':
      await pglite.close();
      return { rows: [], command: '' };
  }
}

/** After a crash of the database the thread ends, since later answers would be unreliable. */
function refuse(id: number, failure: Error): void {
  if (failure instanceof WebAssembly.RuntimeError) throw failure;
  tell({ kind: 'failure', id, failure: failureFields(failure) });
}

function serve(pglite: PGlite): void {
  const parts = { pglite, statements: new EmbeddedStatements(pglite) };
  let turn: Promise<void> = Promise.resolve();
  pglite.onNotification((channel, payload) => tell({ kind: 'notification', channel, payload }));
  port.on('message', ({ id, operation }: Request) => {
    turn = turn
      .then(() => perform(parts, operation))
      .then(
        (answer) => tell({ kind: 'answer', id, answer }),
        (failure: unknown) => refuse(id, asError(failure)),
      );
  });
  isServing = true;
  tell({ kind: 'ready' });
}

try {
  serve(await open(workerData as WorkerSettings));
} catch (failure) {
  // PGlite's message does not contain the server's reason, and PGlite also throws values that are not Errors.
  const words = failure instanceof Error ? failure.message : 'it is damaged or cannot be read';
  tell({ kind: 'unusable', reason: log.reason ?? words });
  port.close();
}
