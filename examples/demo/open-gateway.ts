// The gateway that the demo talks to: the one at THROUGHLINE_URL, or one of its own that leaves nothing behind.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGateway } from '../../src/gateway.ts';
import { say } from './paint.ts';

export interface OpenGateway {
  readonly url: string;
  readonly key: string;
  close(): Promise<void>;
}

type Environment = Readonly<Record<string, string | undefined>>;

export async function openGateway(environment: Environment): Promise<OpenGateway> {
  const { THROUGHLINE_URL: url, THROUGHLINE_ADMIN_KEY: key } = environment;
  if (!url) return openOwn();
  if (!key)
    throw new Error('THROUGHLINE_URL is set: set THROUGHLINE_ADMIN_KEY to a key of that gateway, too.');
  return { url, key, close: async () => {} };
}

/** This is all that it takes to have a gateway inside a program: a folder, and any free port. */
async function openOwn(): Promise<OpenGateway> {
  say('Starting a gateway on a temporary folder (THROUGHLINE_URL would name a running one) ...');
  const folder = await mkdtemp(join(tmpdir(), 'throughline-demo-'));
  const gateway = createGateway({ port: 0, dataFolder: folder, logLevel: 'warn' });
  const close = async () => {
    await gateway.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const { url, madeKey } = await gateway.start();
    return { url, key: madeKey!, close };
  } catch (error) {
    await close();
    throw error;
  }
}
