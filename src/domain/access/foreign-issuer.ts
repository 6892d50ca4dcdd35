// The settings of another issuer of JWTs, read and checked together.
import { createPublicKey } from 'node:crypto';
import { isLoopback } from '../../base/loopback.ts';
import { ownIssuer } from './token-claims.ts';

/** Another issuer whose tokens are accepted. */
export interface ForeignIssuer {
  /** Where its public keys are; or one of them, in PEM. */
  readonly keys: { readonly jwksUrl: string } | { readonly publicKey: string };
  readonly issuer: string;
  readonly audience: string;
  readonly algorithms: readonly string[];
}

/** Signatures by a private key: whoever can verify can't sign. */
export const jwtAlgorithms = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
] as const;

export interface IssuerSettings {
  readonly jwksUrl: string | null;
  readonly publicKey: string | null;
  readonly issuer: string | null;
  readonly audience: string | null;
  readonly algorithms: readonly string[] | null;
}

/** Null where none is set. Adds a line to `faults` for what is missing. */
export function foreignIssuerOf(settings: IssuerSettings, faults: string[]): ForeignIssuer | null {
  const { jwksUrl, publicKey, issuer, audience, algorithms } = settings;
  if (jwksUrl === null && publicKey === null) {
    if (issuer !== null || audience !== null || algorithms !== null)
      faults.push('THROUGHLINE_JWKS_URL or THROUGHLINE_JWT_PUBLIC_KEY must be set, too, to accept JWTs.');
    return null;
  }
  if (jwksUrl !== null && publicKey !== null)
    faults.push('THROUGHLINE_JWKS_URL and THROUGHLINE_JWT_PUBLIC_KEY are set; set one of them.');
  if (issuer === null)
    faults.push('THROUGHLINE_JWT_ISSUER must be set, too: the `iss` of the JWTs to accept.');
  if (audience === null)
    faults.push('THROUGHLINE_JWT_AUDIENCE must be set, too: the `aud` of the JWTs to accept.');
  return {
    keys: jwksUrl !== null ? { jwksUrl } : { publicKey: publicKey ?? '' },
    issuer: issuer ?? '',
    audience: audience ?? '',
    algorithms: algorithms ?? jwtAlgorithms,
  };
}

type Read<T> = { readonly value: T } | { readonly fault: string };

export function readJwksUrl(text: string): Read<string> {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol === 'https:') return { value: text };
  if (url?.protocol === 'http:' && isLoopback(url.hostname)) return { value: text };
  return { fault: 'must be an https URL (or http on a loopback address) of a JSON Web Key Set.' };
}

/** Line breaks may be written as \n. */
export function readPublicKey(text: string): Read<string> {
  const pem = text.replaceAll('\\n', '\n');
  try {
    const { type } = createPublicKey(pem);
    if (type === 'public' && pem.includes('BEGIN PUBLIC KEY')) return { value: pem };
  } catch {
    // Told below.
  }
  return { fault: 'must be a public key in PEM, which begins with -----BEGIN PUBLIC KEY-----.' };
}

export function readIssuer(text: string): Read<string> {
  if (text !== ownIssuer) return { value: text };
  return { fault: `must not be ${ownIssuer}, which is the gateway's own.` };
}

export function readAlgorithms(text: string): Read<readonly string[]> {
  const names = text.split(',').map((name) => name.trim());
  const wrong = names.find((name) => !jwtAlgorithms.some((known) => known === name));
  if (wrong === undefined) return { value: names };
  return {
    fault: `must name algorithms with a key pair, separated by commas, out of ${jwtAlgorithms.join(', ')}; ${JSON.stringify(wrong.slice(0, 60))} is none.`,
  };
}
