// Large answers of the server, read in time slices, so that other work continues between two parts of one.
import type { Socket } from 'node:net';
import type pg from 'pg';
import { pauseIfDue } from '../../base/time-slices.ts';

/** Bytes of an answer that are read without a pause. Ordinary answers are smaller. */
const partBytes = 262_144;

/** The driver's connection, which is not in its types. */
interface Connection {
  readonly stream: Socket;
  on(event: 'readyForQuery', listener: () => void): void;
}

/**
 * The driver decodes what arrives at once, and the system hands over megabytes of it in one turn of the event loop. While
 * a connection waits nothing of it is read, and the server waits with the rest.
 */
export function readInSlices(client: pg.ClientBase): void {
  const { connection } = client as pg.ClientBase & { readonly connection: Connection };
  const { stream } = connection;
  let bytes = 0;
  connection.on('readyForQuery', () => (bytes = 0));
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes < partBytes) return;
    bytes = 0;
    const pause = pauseIfDue('database');
    if (pause === undefined) return;
    stream.pause();
    void pause.then(() => stream.resume());
  });
}
