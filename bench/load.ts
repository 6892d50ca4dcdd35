// A load generator in a process of its own: so many connections, each sending one HTTP request after the other.
import { connect, type Socket } from 'node:net';

interface Job {
  readonly port: number;
  readonly key: string;
  readonly connections: number;
  readonly milliseconds: number;
  /** The body of every request. */
  readonly body: string;
}

interface Outcome {
  readonly requests: number;
  readonly failures: number;
  readonly seconds: number;
}

/** Raw sockets and no parser but for the length: what the generator does not spend, the gateway may. */
async function run(job: Job): Promise<Outcome> {
  const request = Buffer.from(
    `POST /graphql HTTP/1.1\r\nHost: 127.0.0.1:${job.port}\r\nAuthorization: Bearer ${job.key}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(job.body)}\r\n\r\n${job.body}`,
  );
  const until = performance.now() + job.milliseconds;
  const began = performance.now();
  const counts = { requests: 0, failures: 0 };
  await Promise.all(
    Array.from({ length: job.connections }, () => oneConnection(job.port, request, until, counts)),
  );
  return { ...counts, seconds: (performance.now() - began) / 1000 };
}

async function oneConnection(
  port: number,
  request: Buffer,
  until: number,
  counts: { requests: number; failures: number },
): Promise<void> {
  const socket = connect(port, '127.0.0.1').setNoDelay(true);
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  await new Promise<void>((resolve) => {
    let received = '';
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      received += chunk;
      const end = endOfAnswer(received);
      if (end === null) return;
      counts.requests += 1;
      if (!received.startsWith('HTTP/1.1 200') || received.includes('"errors":[{')) counts.failures += 1;
      received = received.slice(end);
      next(socket);
    });
    const next = (open: Socket) => {
      if (performance.now() < until) open.write(request);
      else open.end(resolve);
    };
    next(socket);
  });
}

function endOfAnswer(text: string): number | null {
  const head = text.indexOf('\r\n\r\n');
  if (head < 0) return null;
  const length = /content-length: (\d+)/i.exec(text.slice(0, head))?.[1];
  if (length !== undefined)
    return text.length >= head + 4 + Number(length) ? head + 4 + Number(length) : null;
  const last = text.indexOf('\r\n0\r\n\r\n', head);
  return last < 0 ? null : last + 7;
}

process.on('message', async (job: Job) => {
  process.send?.(await run(job));
});
