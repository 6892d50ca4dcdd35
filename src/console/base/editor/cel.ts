// CEL in the editor: what is coloured, and what is completed.
import type { Completion, CompletionContext, CompletionResult } from '@codemirror/autocomplete';
import { LanguageSupport, StreamLanguage, type StringStream } from '@codemirror/language';
import { statuses } from '../status.tsx';
import type { FilterWords } from '../filter-words.ts';

const language = StreamLanguage.define<null>({
  name: 'cel',
  startState: () => null,
  token: celToken,
  languageData: { closeBrackets: { brackets: ['(', '[', '{', "'", '"', '`'] } },
});

/** The class of the next token of an expression. */
export function celToken(stream: StringStream): string | null {
  if (stream.eatSpace()) return null;
  if (stream.match('//')) {
    stream.skipToEnd();
    return 'comment';
  }
  if (stream.match(/^(?:[rb]|rb|br)?("(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?)/i)) return 'string';
  if (stream.match(/^\d[\d.]*(?:e[+-]?\d+)?u?/i)) return 'number';
  if (stream.match(/^(?:true|false|null)\b/)) return 'bool';
  if (stream.match(/^in\b/)) return 'keyword';
  if (stream.match(/^[A-Za-z_]\w*(?=\s*\()/)) return 'variableName.function';
  if (stream.match(/^[A-Za-z_]\w*/)) return 'propertyName';
  stream.next();
  return null;
}

const fields: readonly (readonly [string, string])[] = [
  ['data', 'the payload'],
  ['summary', 'the summary'],
  ['topic', 'such as "order.paid"'],
  ['event_type', 'selects the kind of handlers'],
  ['status', 'such as "FAILED"'],
  ['project', 'a name, or null'],
  ['user', 'a name, or null'],
  ['sender', 'a name, or null'],
  ['request_id', 'the request of the chain'],
  ['created_at', 'a timestamp'],
];

const functions: readonly (readonly [string, string])[] = [
  ['has(', 'whether a key is there: has(data.total)'],
  ['size(', 'of a text, a list or a map'],
  ['timestamp(', 'timestamp("2026-01-31T00:00:00Z")'],
  ['duration(', 'duration("15m")'],
  ['string(', 'as text'],
  ['int(', 'as a whole number'],
  ['double(', 'as a floating-point number'],
];

const methods: readonly (readonly [string, string])[] = [
  ['startsWith(', 'of a text'],
  ['endsWith(', 'of a text'],
  ['contains(', 'of a text'],
  ['matches(', 'a regular expression (RE2)'],
  ['exists(', 'list.exists(item, item > 1)'],
  ['all(', 'list.all(item, item > 1)'],
  ['lowerAscii()', 'of a text'],
  ['split(', 'of a text'],
];

function options(words: readonly (readonly [string, string])[], type: string): Completion[] {
  return words.map(([label, detail]) => ({ label, detail, type }));
}

/** Completes the part of an expression before the cursor; also used within the search box. */
export async function completeCel(
  context: CompletionContext,
  words: (() => Promise<FilterWords>) | undefined,
): Promise<CompletionResult | null> {
  const comparison = context.matchBefore(
    /\b(topic|status|project|user|sender)\s*(?:[!=]=|in\s*\[[^\]]*)\s*["'][^"']*/,
  );
  if (comparison) return completeText(context, comparison.text, words);
  const path = context.matchBefore(/\b(?:data|summary)(?:\.\w*|\[["'][^"']*)+/);
  if (path) return completePath(path, words);
  const method = context.matchBefore(/[\w)\]"']\.\w*/);
  if (method)
    return { from: method.from + method.text.indexOf('.') + 1, options: options(methods, 'method') };
  const name = context.matchBefore(/\w+/);
  if (!name && !context.explicit) return null;
  return {
    from: name?.from ?? context.pos,
    options: [...options(fields, 'property'), ...options(functions, 'function')],
    validFor: /^\w*$/,
  };
}

async function completeText(
  context: CompletionContext,
  text: string,
  words: (() => Promise<FilterWords>) | undefined,
): Promise<CompletionResult> {
  const field = /^\w+/.exec(text)![0];
  const from = context.pos - /[^"']*$/.exec(text)![0].length;
  const known = field === 'status' ? statuses : valuesOf(await words?.(), field);
  return { from, options: known.map((label) => ({ label, type: 'text' })), validFor: /^[^"']*$/ };
}

function valuesOf(words: FilterWords | undefined, field: string): readonly string[] {
  if (!words) return [];
  const lists: Readonly<Record<string, readonly string[]>> = {
    topic: words.topics,
    project: words.projects,
    user: words.users,
    sender: words.senders,
  };
  return lists[field] ?? [];
}

async function completePath(
  path: { from: number; text: string },
  words: (() => Promise<FilterWords>) | undefined,
): Promise<CompletionResult> {
  const paths = (await words?.())?.paths ?? [];
  const after = path.from + path.text.lastIndexOf('.') + 1;
  return {
    from: path.from,
    options: [
      ...paths.map(({ path: label, kind }) => ({ label, detail: kind, type: 'property' })),
      ...options(methods, 'method').map((method) => ({
        ...method,
        label: path.text.slice(0, after - path.from) + method.label,
        displayLabel: `.${method.label}`,
        boost: -50,
      })),
    ],
    validFor: /^[\w.]*$/,
  };
}

export function cel(words: (() => Promise<FilterWords>) | undefined): LanguageSupport {
  return new LanguageSupport(language, [
    language.data.of({ autocomplete: (context: CompletionContext) => completeCel(context, words) }),
  ]);
}
