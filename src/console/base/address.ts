// The search parameters of the address: what a view shows of all that it could.
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useCallback } from 'react';

export type Address = Readonly<Record<string, string | undefined>>;

/** The parameters, and a function that changes some of them; undefined removes one. */
export function useAddress(): readonly [Address, (change: Address) => void] {
  const address = useSearch({ strict: false }) as Address;
  const navigate = useNavigate();
  const change = useCallback(
    (changed: Address) =>
      void navigate({ to: '.', search: (before: Address) => ({ ...before, ...changed }), replace: true }),
    [navigate],
  );
  return [address, change];
}

/** A part of the path, such as `id` of `/consumers/$id`. */
export function usePathPart(name: string): string {
  return (useParams({ strict: false }) as Record<string, string | undefined>)[name] ?? '';
}
