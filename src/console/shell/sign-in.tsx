// Asks for an API key or a token.
import { type FormEvent, useState } from 'react';
import { isSignedOut } from './session.ts';

interface SignInProps {
  /** Why the viewer is asked again. */
  readonly reason: string | null;
  readonly onSecret: (secret: string) => Promise<void>;
}

export function SignIn({ reason, onSecret }: SignInProps) {
  const [secret, setSecret] = useState('');
  const [complaint, setComplaint] = useState(reason);
  const [isAsking, setAsking] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const problem = problemOf(secret.trim());
    if (problem) return setComplaint(problem);
    setAsking(true);
    try {
      await onSecret(secret.trim());
    } catch (error) {
      setComplaint(
        isSignedOut(error) ? 'The gateway does not accept this key.' : String((error as Error).message),
      );
      setAsking(false);
    }
  };
  return (
    <main className="sign-in">
      <form onSubmit={(event) => void submit(event)} aria-labelledby="sign-in-title">
        <h1 id="sign-in-title">Throughline</h1>
        <label htmlFor="secret">API key or token</label>
        <input
          id="secret"
          type="password"
          autoComplete="off"
          spellCheck={false}
          autoFocus
          required
          value={secret}
          onChange={(event) => setSecret(event.target.value)}
          aria-describedby="sign-in-help sign-in-complaint"
        />
        <p id="sign-in-complaint" role="alert" className="complaint">
          {complaint}
        </p>
        <button className="primary" disabled={isAsking}>
          {isAsking ? 'Signing in…' : 'Sign in'}
        </button>
        <p id="sign-in-help" className="hint">
          The admin key of a first start is in the file <code>admin-key</code> of the data folder. With the
          defaults: <code>cat .throughline/admin-key</code>. This tab keeps the key until it is closed.
        </p>
      </form>
    </main>
  );
}

function problemOf(secret: string): string | null {
  if (secret === '') return 'Enter a key.';
  return /^[!-~]+$/.test(secret) ? null : 'A key consists of printable ASCII characters without spaces.';
}
