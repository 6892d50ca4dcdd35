// The claims of access tokens, the gateway's own and those of other issuers: what they grant.
import { checkKeyName, checkNames, checkProjects, checkTopics } from './api-key.ts';
import { type RowScope, rowScope } from './row-scope.ts';
import { isScope } from './scopes.ts';

/** The `iss` and `aud` of tokens that gateways sign. */
export const ownIssuer = 'throughline';

export interface Claims {
  readonly sub?: unknown;
  /** Scopes, separated by spaces. */
  readonly scope?: unknown;
  readonly throughline?: unknown;
}

export interface TokenGrants {
  readonly name: string;
  readonly scopes: readonly string[];
  readonly rows: RowScope | null;
}

/** Scopes that are not ours are ignored. Throws for claims that make no sense: such a token is refused. */
export function grantsOfClaims({ sub, scope = '', throughline = {} }: Claims): TokenGrants {
  const { projects, topics, requestIds } = recordOf(throughline);
  return {
    name: checkKeyName(String(sub ?? '')),
    scopes: [...new Set(String(scope).split(' ').filter(isScope))].sort(),
    rows: rowScope({
      projects: checkProjects(namesOf(projects)),
      topics: checkTopics(namesOf(topics)),
      requestIds: checkNames('requestIds', namesOf(requestIds)),
    }),
  };
}

export function claimsOf({ name, scopes, rows }: TokenGrants): Claims & { readonly sub: string } {
  const { projects, topics, requestIds } = rows ?? {};
  return {
    sub: name,
    scope: scopes.join(' '),
    ...(rows && {
      throughline: {
        ...(projects && { projects }),
        ...(topics && { topics }),
        ...(requestIds && { requestIds }),
      },
    }),
  };
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TypeError('the claim throughline is no object');
  return value as Record<string, unknown>;
}

function namesOf(value: unknown): readonly string[] | null {
  if (value === undefined || value === null) return null;
  if (!Array.isArray(value) || value.some((item) => typeof item !== 'string'))
    throw new TypeError('a restriction is no list of texts');
  return value as string[];
}
