// The search box as an editor: its tokens are coloured, and completed with what there is.
import type { Completion, CompletionContext, CompletionResult } from '@codemirror/autocomplete';
import { LanguageSupport, StreamLanguage } from '@codemirror/language';
import { useMemo } from 'react';
import CodeEditor, { type CodeEditorProps } from '../../base/editor/code-editor.tsx';
import { celToken, completeCel } from '../../base/editor/cel.ts';
import type { FilterWords } from '../../base/filter-words.ts';
import { statuses } from '../../base/status.tsx';
import { searchFields, tokenText, tokensOf } from './search-query.ts';

type Words = () => Promise<FilterWords>;

export default function SearchEditor({ words, ...props }: CodeEditorProps & { words: Words }) {
  const extension = useMemo(() => searchLanguage(words), [words]);
  return <CodeEditor {...props} extension={extension} isSingleLine />;
}

const fieldPattern = new RegExp(`^(?:${searchFields.map(({ name }) => name).join('|')}):`, 'i');

function searchLanguage(words: Words): LanguageSupport {
  const language = StreamLanguage.define<{ isValue: boolean }>({
    name: 'search',
    startState: () => ({ isValue: false }),
    token: (stream, state) => {
      if (state.isValue) {
        state.isValue = false;
        if (stream.match(/^"(?:[^"\\]|\\.)*"?/) || stream.match(/^[^\s"]+/)) return 'string';
      }
      const isStart = stream.pos === 0 || /\s/.test(stream.string[stream.pos - 1]!);
      if (isStart && stream.match(fieldPattern)) {
        state.isValue = !stream.current().toLowerCase().startsWith('where');
        return 'labelName';
      }
      return celToken(stream);
    },
  });
  const autocomplete = (context: CompletionContext) => completeSearch(context, words);
  return new LanguageSupport(language, language.data.of({ autocomplete }));
}

async function completeSearch(context: CompletionContext, words: Words): Promise<CompletionResult | null> {
  const text = context.state.doc.toString();
  const token = tokensOf(text).find(({ valueFrom, to }) => valueFrom <= context.pos && context.pos <= to);
  if (token) return completeValue(context, token, words);
  const isExpression = /(?:^|\s)where:/.test(text.slice(0, context.pos));
  const word = context.matchBefore(/[\w.]*/);
  if (isExpression || word?.text.includes('.')) return completeCel(context, words);
  const inExpression = await completeCel(context, words);
  if (inExpression && context.matchBefore(/["'][^"']*/)) return inExpression;
  const isStart = !word || word.from === 0 || /\s/.test(text[word.from - 1]!);
  if (!isStart) return inExpression;
  const fields: Completion[] = searchFields.map(({ name, help }) => ({
    label: `${name}:`,
    detail: help,
    type: 'keyword',
    boost: 10,
  }));
  return {
    from: word?.from ?? context.pos,
    options: [...fields, ...(inExpression?.options ?? [])],
    validFor: /^\w*$/,
  };
}

const states: readonly string[] = ['exhausted', 'scheduled', 'parent', 'leaf'];
const times: readonly string[] = ['15m', '1h', '6h', '24h', '7d'];

async function completeValue(
  context: CompletionContext,
  token: { readonly name: string; readonly valueFrom: number },
  words: Words,
): Promise<CompletionResult | null> {
  const { name, valueFrom } = token;
  const typed = context.state.sliceDoc(valueFrom, context.pos);
  const from = valueFrom + typed.lastIndexOf(',') + 1;
  const known = await valuesOf(name, words);
  const quoted = known.map((value) => tokenText('', value).slice(1));
  return { from, options: quoted.map((label) => ({ label, type: 'text' })), validFor: /^[^\s,]*$/ };
}

async function valuesOf(name: string, words: Words): Promise<readonly string[]> {
  if (name === 'status') return statuses.map((status) => status.toLowerCase());
  if (name === 'is') return states;
  if (name === 'since' || name === 'until') return times;
  if (!['topic', 'project', 'user', 'sender'].includes(name)) return [];
  const { topics, projects, users, senders } = await words();
  if (name === 'topic') return [...topicPatterns(topics), ...topics];
  return { project: projects, user: users, sender: senders }[name]!;
}

/** `order.*` where several topics begin with `order.`. */
function topicPatterns(topics: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const topic of topics) {
    const first = topic.slice(0, topic.indexOf('.') + 1);
    if (first) counts.set(first, (counts.get(first) ?? 0) + 1);
  }
  return [...counts].filter(([, count]) => count > 1).map(([first]) => `${first}*`);
}
