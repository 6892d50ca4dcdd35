// A command to paste into a terminal that needs a key, which can be made by a click.
import { useState } from 'react';
import { CreateCommandKeyDocument } from '../../../generated/console/graphql.ts';
import { gatewayUrl, useSession } from '../shell/session.ts';
import { useChange } from './gateway-query.ts';
import { Command, ErrorNotice } from './notice.tsx';

interface KeyedCommandProps {
  /** What the command needs, such as `jobs:work`. */
  readonly scopes: readonly string[];
  /** The command, with a key or the place of one. */
  readonly command: (key: string) => string;
}

export interface CommandKey {
  /** Null until it is made. */
  readonly key: string | null;
  /** Undefined where the viewer may make no keys, and once there is one. */
  readonly make: (() => void) | undefined;
  readonly error: unknown;
}

/** A key for commands, made when the viewer asks for it. */
export function useCommandKey(scopes: readonly string[]): CommandKey {
  const { can } = useSession();
  const change = useChange();
  const [key, setKey] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  const make = async () => {
    const name = `console ${new Date().toISOString()}`;
    try {
      const { createKey } = await change(CreateCommandKeyDocument, { input: { name, scopes } });
      setKey(createKey.secret);
    } catch (failure) {
      setError(failure);
    }
  };
  return { key, error, make: can('keys') && key === null ? () => void make() : undefined };
}

export function KeyedCommand({ scopes, command }: KeyedCommandProps) {
  const { key, make, error } = useCommandKey(scopes);
  return (
    <>
      <Command text={command(key ?? 'YOUR-KEY')} />
      <ErrorNotice error={error} />
      {make && (
        <p>
          <button type="button" className="small" onClick={make}>
            Make a key with {scopes.join(', ')}
          </button>
        </p>
      )}
    </>
  );
}

/** A call with curl, of one line that shells of Unix take. */
export function curlCommand(key: string, query: string, variables?: object): string {
  const body = JSON.stringify(variables ? { query, variables } : { query });
  return [
    `curl ${gatewayUrl}/graphql`,
    // In double quotes: the key can be `$KEY`, which the shell replaces.
    `-H "Authorization: Bearer ${key}"`,
    `-H 'Content-Type: application/json'`,
    `-d '${body.replaceAll("'", `'\\''`)}'`,
  ].join(' \\\n  ');
}
