// The key or token with which the client authenticates; tokens are replaced before they expire.

/** Returns a token, or null to connect without one. Called again before the token expires, and when it is refused. */
export type GetToken = () => string | null | Promise<string | null>;

/** A token is replaced when this share of its remaining life is left. */
const renewalShare = 0.2;

export class Credentials {
  readonly #key: string | undefined;
  readonly #getToken: GetToken | undefined;
  #token: Promise<string | null> | undefined;
  #renewAt = Infinity;

  constructor(key: string | undefined, getToken: GetToken | undefined) {
    this.#key = key;
    this.#getToken = getToken;
  }

  /** The value of the header Authorization; undefined without a key. */
  async authorization(): Promise<string | undefined> {
    const secret = this.#getToken ? await this.#currentToken(this.#getToken) : this.#key;
    return secret ? `Bearer ${secret}` : undefined;
  }

  /** Forgets a token that was refused. Returns whether there can be another one. */
  renew(): boolean {
    this.#token = undefined;
    return this.#getToken !== undefined;
  }

  #currentToken(getToken: GetToken): Promise<string | null> {
    if (Date.now() >= this.#renewAt) this.#token = undefined;
    this.#token ??= this.#fetchToken(getToken);
    return this.#token;
  }

  async #fetchToken(getToken: GetToken): Promise<string | null> {
    this.#renewAt = Infinity;
    try {
      const token = await getToken();
      const expiresAt = token === null ? undefined : expiryOf(token);
      if (expiresAt !== undefined) this.#renewAt = expiresAt - renewalShare * (expiresAt - Date.now());
      return token;
    } catch (error) {
      this.#token = undefined;
      throw error;
    }
  }
}

/** When a JWT expires, in milliseconds since 1970; undefined for other tokens. */
function expiryOf(token: string): number | undefined {
  try {
    const claims = token.split('.')[1] ?? '';
    const { exp } = JSON.parse(atob(claims.replaceAll('-', '+').replaceAll('_', '/'))) as { exp?: unknown };
    return typeof exp === 'number' ? exp * 1000 : undefined;
  } catch {
    return undefined;
  }
}
