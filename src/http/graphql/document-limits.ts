// Limits against hostile documents (tokens, depth, aliases, directives), and the bounded cache of parsed documents.
import { maxAliasesPlugin } from '@escape.tech/graphql-armor-max-aliases';
import { maxDepthPlugin } from '@escape.tech/graphql-armor-max-depth';
import { maxDirectivesPlugin } from '@escape.tech/graphql-armor-max-directives';
import { maxTokensPlugin } from '@escape.tech/graphql-armor-max-tokens';
import type { DocumentNode, GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { LRUCache } from 'lru-cache';
import { ThroughlineError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { refusal } from './public-errors.ts';

/**
 * Validation stops at the first limit that is exceeded. Introspection is exempt from the depth; its own nesting is
 * bounded by a rule of GraphQL.js.
 */
export function documentLimits(): Plugin[] {
  return [
    maxTokensPlugin({ n: limits.documentTokens, onReject: [reject('tokens', limits.documentTokens)] }),
    maxDepthPlugin({
      n: limits.documentDepth,
      flattenFragments: true,
      onReject: [reject('levels', limits.documentDepth)],
    }),
    maxAliasesPlugin({ n: limits.documentAliases, onReject: [reject('aliases', limits.documentAliases)] }),
    maxDirectivesPlugin({
      n: limits.documentDirectives,
      onReject: [reject('directives', limits.documentDirectives)],
    }),
    { onParse: ({ parseFn, setParseFn }) => setParseFn(withoutOverflow(parseFn)) },
    { onValidate: () => explainAborted },
  ] as Plugin[];
}

/** The plugins would word it as a syntax error; it is thrown here in their place. */
function reject(what: string, limit: number): () => never {
  return () => {
    throw tooLarge(`The document has more than ${limit} ${what}, which is the most that is taken.`);
  };
}

/** Values nested thousands of levels deep within the limit of tokens exhaust the parser's stack. */
function withoutOverflow<Arguments extends unknown[], T>(parse: (...given: Arguments) => T) {
  return (...given: Arguments): T => {
    try {
      return parse(...given);
    } catch (error) {
      if (error instanceof RangeError) throw tooLarge('The document is nested too deeply to be parsed.');
      throw error;
    }
  };
}

interface Validated {
  readonly result: readonly Error[];
  readonly setResult: (errors: Error[]) => void;
}

/** GraphQL.js stops comparing fields of the same name after so many of them, and says no more than that. */
function explainAborted({ result, setResult }: Validated): void {
  if (!result.some(({ message }) => message === 'Validation aborted.')) return;
  setResult([
    tooLarge('The document repeats fields and fragments so often that it is not checked to the end.'),
  ]);
}

function tooLarge(message: string): GraphQLError {
  return refusal(new ThroughlineError('LIMIT_EXCEEDED', message), { status: 400, spec: true });
}

/** A parsed document takes up to 150 bytes of memory for each character; what is longer than an entry is parsed each time. */
const cacheCharacters = 500_000;
const entryCharacters = 50_000;

/** Bounded by the size of the texts, since a count alone would let large documents fill the memory. */
export function documentCaches() {
  return { documentCache: textCache<DocumentNode>(), errorCache: textCache<Error>() };
}

function textCache<T extends object>(): LRUCache<string, T> {
  return new LRUCache<string, T>({
    max: 1_024,
    maxSize: cacheCharacters,
    maxEntrySize: entryCharacters,
    sizeCalculation: (_value, text) => text.length + 1,
  });
}
