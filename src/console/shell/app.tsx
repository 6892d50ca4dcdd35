// The console: signs in, and then shows the views with what they share.
import { QueryCache, MutationCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { isThroughlineError } from '../../client/client.ts';
import { ThroughlineProvider } from '../../client/react.ts';
import { LiveProvider } from '../live/live-state.tsx';
import { createConsoleRouter, loadViews } from './router.tsx';
import {
  forgetSecret,
  isSignedOut,
  type Session,
  SessionContext,
  signIn,
  storedSecret,
  type Viewer,
} from './session.ts';
import { SignIn } from './sign-in.tsx';
import type { Client } from '../../client/client.ts';

interface SignedIn {
  readonly client: Client;
  readonly viewer: Viewer;
  readonly secret: string;
}

export function App() {
  const [signedIn, setSignedIn] = useState<SignedIn | null>(null);
  const [reason, setReason] = useState<string | null>(null);
  const [isRestoring, setRestoring] = useState(() => storedSecret() !== null);
  const accept = useCallback(async (secret: string) => {
    setSignedIn({ ...(await signIn(secret)), secret });
    setReason(null);
  }, []);
  const signOut = useCallback((why?: string) => {
    forgetSecret();
    setReason(why ?? null);
    setSignedIn(null);
  }, []);
  useEffect(() => {
    const secret = storedSecret();
    if (secret === null) return;
    void accept(secret)
      .catch((error: unknown) => {
        if (isSignedOut(error)) signOut('The key is no longer valid. Sign in again.');
        else setReason(String((error as Error).message));
      })
      .finally(() => setRestoring(false));
  }, [accept, signOut]);
  if (signedIn) return <SignedInApp key={signedIn.secret} signedIn={signedIn} signOut={signOut} />;
  if (isRestoring) return <p className="loading">Signing in…</p>;
  return <SignIn reason={reason} onSecret={accept} />;
}

/** When the other views are loaded, in milliseconds. */
const loadViewsAfterMs = 2_000;

function SignedInApp({ signedIn, signOut }: { signedIn: SignedIn; signOut: Session['signOut'] }) {
  const { client, viewer, secret } = signedIn;
  const session = useMemo<Session>(() => {
    const scopes = new Set<string>(viewer.scopes);
    return { client, viewer, secret, can: (scope) => scopes.has('admin') || scopes.has(scope), signOut };
  }, [client, viewer, secret, signOut]);
  const queries = useMemo(() => createQueryClient(signOut), [signOut]);
  const router = useMemo(() => createConsoleRouter(), []);
  useEffect(() => () => void client.close(), [client]);
  useEffect(() => {
    // The first view comes first.
    const timer = setTimeout(() => void loadViews(), loadViewsAfterMs);
    return () => clearTimeout(timer);
  }, []);
  return (
    <SessionContext value={session}>
      <ThroughlineProvider client={client}>
        <QueryClientProvider client={queries}>
          <LiveProvider onSignedOut={() => signOut('The key is no longer valid. Sign in again.')}>
            <RouterProvider router={router} />
          </LiveProvider>
        </QueryClientProvider>
      </ThroughlineProvider>
    </SessionContext>
  );
}

/** The client repeats what can succeed later by itself. */
function createQueryClient(signOut: Session['signOut']): QueryClient {
  const onError = (error: unknown) => {
    if (isThroughlineError(error, 'UNAUTHENTICATED')) signOut('The key is no longer valid. Sign in again.');
  };
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: { retry: false, staleTime: 5_000, refetchOnWindowFocus: true, networkMode: 'always' },
      mutations: { retry: false, networkMode: 'always' },
    },
  });
}
