// Finds the document of a request, by its text or its hash, and checks whether the caller may run it.
import { badInput, ThroughlineError } from '../../base/errors.ts';
import { hasScope } from '../../domain/access/scopes.ts';
import type { Refusal, Who } from '../../operations/access/audit.ts';
import type { Caller } from '../../operations/callers.ts';
import { sha256Of, type TrustedDocuments } from './trusted-documents.ts';

/** The parts of a request that name its document, as they arrive. */
export interface AskedDocument {
  readonly query?: unknown;
  /** As in the appendix Persisted Documents of GraphQL over HTTP. */
  readonly documentId?: unknown;
  /** `persistedQuery.sha256Hash` is Apollo's form. */
  readonly extensions?: unknown;
}

/** A document without these names does not ask for the schema. */
const introspection = /\b__(?:schema|type)\b/;

export class DocumentLookup {
  readonly #trusted: TrustedDocuments | null;
  readonly #texts: ReadonlySet<string>;
  readonly #onRefused: (who: Who, refusal: Refusal) => void;

  /** Null: every caller may run any document. `onRefused` is called for each document that a caller may not run. */
  constructor(trusted: TrustedDocuments | null, onRefused: (who: Who, refusal: Refusal) => void = () => {}) {
    this.#trusted = trusted;
    this.#texts = new Set(trusted?.values());
    this.#onRefused = onRefused;
  }

  /** Whether the caller may run the trusted documents alone. */
  restricts({ scopes }: Pick<Caller, 'scopes'>): boolean {
    return this.#trusted !== null && !hasScope(scopes, 'admin');
  }

  /**
   * The document that the request asks for; what it gives as `query` where that is no text, for whoever checks it. Throws
   * PERSISTED_QUERY_NOT_FOUND, upon which a client with automatic persisted queries sends the document, or FORBIDDEN.
   */
  find(asked: AskedDocument, caller: Caller): unknown {
    const text = asked.query || this.#byId(asked) || asked.query;
    if (typeof text !== 'string' || !this.restricts(caller)) return text;
    const refusal = this.#refusalOf(text);
    if (refusal === undefined) return text;
    const { code, message, details } = refusal;
    this.#onRefused(caller, { operation: null, code, message, scope: details.scope });
    throw refusal;
  }

  #byId(asked: AskedDocument): string | undefined {
    const id = idOf(asked);
    if (id === undefined) return undefined;
    const hash = sha256Of(id);
    const text = hash === null ? undefined : this.#trusted?.get(hash);
    if (text !== undefined) return text;
    throw new ThroughlineError('PERSISTED_QUERY_NOT_FOUND', 'PersistedQueryNotFound');
  }

  #refusalOf(text: string): ThroughlineError | undefined {
    if (!this.#texts.has(text))
      return needsAdmin(
        'Without the scope admin only trusted documents run here, and this is none of them. Send one by its hash, or as it stands in the manifest.',
      );
    if (introspection.test(text))
      return needsAdmin('Without the scope admin the schema cannot be introspected here.');
    return undefined;
  }
}

function needsAdmin(message: string): ThroughlineError {
  return new ThroughlineError('FORBIDDEN', message, { scope: 'admin' });
}

function idOf({ documentId, extensions }: AskedDocument): string | undefined {
  const id = documentId ?? hashOf(extensions);
  if (id === undefined || typeof id === 'string') return id;
  throw badInput('The id of a document must be a string: its SHA-256 in hexadecimal digits.');
}

/** Undefined where the request names no persisted query. */
function hashOf(extensions: unknown): unknown {
  const persisted = ownValue(extensions, 'persistedQuery');
  return persisted === undefined ? undefined : (ownValue(persisted, 'sha256Hash') ?? '');
}

function ownValue(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
