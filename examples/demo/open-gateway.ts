// The gateway that the demo talks to: the one at THROUGHLINE_URL, or one of its own that leaves nothing behind.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGateway } from '../../src/gateway.ts';

export interface OpenGateway {
  readonly url: string;
  readonly key: string;
  /** For people. */
  readonly kind: string;
  close(): Promise<void>;
}

type Environment = Readonly<Record<string, string | undefined>>;

export async function openGateway(environment: Environment): Promise<OpenGateway> {
  const { THROUGHLINE_URL: url, THROUGHLINE_ADMIN_KEY: key } = environment;
  if (!url) return openOwn();
  if (!key)
    throw new Error('THROUGHLINE_URL is set: set THROUGHLINE_ADMIN_KEY to a key of that gateway, too.');
  return { url, key, kind: 'a running gateway', close: async () => {} };
}

/** This is all that it takes to have a gateway inside a program: a folder, and any free port. */
async function openOwn(): Promise<OpenGateway> {
  const folder = await mkdtemp(join(tmpdir(), 'throughline-demo-'));
  const gateway = createGateway({ port: 0, dataFolder: folder, logLevel: 'warn' });
  const close = async () => {
    await gateway.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const { url, madeKey } = await gateway.start();
    return { url, key: madeKey!, kind: 'a gateway of its own, on a temporary folder', close };
  } catch (error) {
    await close();
    throw error;
  }
}
