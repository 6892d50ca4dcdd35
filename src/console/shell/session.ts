// Who is signed in: the key or token of this tab, and what it may do.
import { createClient, type Client, isThroughlineError } from '../../client/client.ts';
import { SessionDocument, type SessionQuery } from '../../../generated/console/graphql.ts';
import { createContext, useContext } from 'react';

export type Viewer = SessionQuery['viewer'];

export interface Session {
  readonly client: Client;
  readonly viewer: Viewer;
  /** The key or token, for commands that are shown ready to paste. */
  readonly secret: string;
  /** Whether the key has the scope. What it may not do is not offered. */
  can(scope: string): boolean;
  /** Forgets the key; `reason` is shown where the next one is asked for. */
  signOut(reason?: string): void;
}

/** Where the gateway is: the console lies one level below it, whatever a proxy puts in front. */
export const gatewayUrl = new URL('..', document.baseURI).href.replace(/\/$/, '');

/** The path of the console, for the router. */
export const consolePath = new URL('.', document.baseURI).pathname.replace(/\/$/, '');

/** GraphiQL uses the same entry, so that both are signed in together. The tab keeps it until it is closed. */
const storageKey = 'throughline:key';

export function storedSecret(): string | null {
  return sessionStorage.getItem(storageKey);
}

/** Asks the gateway who the key is. Rejects with a ThroughlineError, of a key that is not valid UNAUTHENTICATED. */
export async function signIn(secret: string): Promise<{ client: Client; viewer: Viewer }> {
  const client = createClient({ url: gatewayUrl, key: secret });
  const { viewer } = await client.query(SessionDocument, {}, { retryForMs: 0, timeoutMs: 10_000 });
  sessionStorage.setItem(storageKey, secret);
  return { client, viewer };
}

export function forgetSecret(): void {
  sessionStorage.removeItem(storageKey);
}

export function isSignedOut(error: unknown): boolean {
  return isThroughlineError(error, 'UNAUTHENTICATED');
}

export const SessionContext = createContext<Session | null>(null);

/** The session of the signed-in viewer. */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error('Nobody is signed in above this component.');
  return session;
}
