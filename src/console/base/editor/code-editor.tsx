// CodeMirror as a component.
import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { json } from '@codemirror/lang-json';
import { bracketMatching, foldGutter, foldKeymap } from '@codemirror/language';
import { lintGutter, setDiagnostics } from '@codemirror/lint';
import { EditorState, type Extension, Prec } from '@codemirror/state';
import {
  drawSelection,
  EditorView,
  keymap,
  lineNumbers,
  placeholder as placeholderText,
} from '@codemirror/view';
import { useEffect, useRef } from 'react';
import type { FilterWords } from '../filter-words.ts';
import { appearance } from './appearance.ts';
import { cel } from './cel.ts';
import type { Problem } from './problems.ts';

export interface CodeEditorProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (text: string) => void;
  readonly language?: 'json' | 'cel';
  /** Instead of `language`: read once. */
  readonly extension?: Extension;
  readonly words?: () => Promise<FilterWords>;
  readonly problems?: readonly Problem[];
  readonly isSingleLine?: boolean;
  readonly placeholder?: string;
  readonly onSubmit?: (() => void) | undefined;
  readonly onEscape?: () => void;
  /** Called with the view, for what focuses it. */
  readonly onReady?: (view: EditorView) => void;
}

/** What is read once is read when the editor is made; what changes later is its text and its problems. */
export default function CodeEditor(props: CodeEditorProps) {
  const { value, problems } = props;
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const latest = useRef(props);
  latest.current = props;
  useEffect(() => {
    const made = new EditorView({
      parent: host.current!,
      state: EditorState.create({ doc: latest.current.value, extensions: extensionsOf(latest) }),
    });
    view.current = made;
    latest.current.onReady?.(made);
    return () => made.destroy();
  }, []);
  useEffect(() => {
    const { state } = view.current!;
    if (state.doc.toString() === value) return;
    view.current!.dispatch({ changes: { from: 0, to: state.doc.length, insert: value } });
  }, [value]);
  useEffect(() => {
    const { state } = view.current!;
    const end = state.doc.length;
    const diagnostics = (problems ?? []).map(({ from, to, message }) => ({
      from: Math.min(from, end),
      to: Math.min(to, end),
      severity: 'error' as const,
      message,
    }));
    view.current!.dispatch(setDiagnostics(state, diagnostics));
  }, [problems]);
  return <div ref={host} className={props.isSingleLine ? 'editor is-line' : 'editor'} />;
}

interface Latest {
  readonly current: CodeEditorProps;
}

function extensionsOf(latest: Latest): Extension[] {
  const { label, language, extension, words, isSingleLine = false, placeholder } = latest.current;
  const languageOf = { json: () => json(), cel: () => cel(words) };
  return [
    commands(latest),
    history(),
    drawSelection(),
    bracketMatching(),
    closeBrackets(),
    autocompletion({ icons: false, maxRenderedOptions: 50 }),
    keymap.of([...closeBracketsKeymap, ...completionKeymap, ...defaultKeymap, ...historyKeymap]),
    ...(placeholder ? [placeholderText(placeholder)] : []),
    extension ?? (language ? languageOf[language]() : []),
    isSingleLine ? singleLine : [EditorView.lineWrapping],
    language === 'json' ? [lineNumbers(), foldGutter(), lintGutter(), keymap.of(foldKeymap)] : [],
    EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'false', autocapitalize: 'off' }),
    EditorView.updateListener.of(({ docChanged, state }) => {
      if (!docChanged) return;
      const text = state.doc.toString();
      if (text !== latest.current.value) latest.current.onChange(text);
    }),
    appearance,
  ];
}

/** Tab leaves the editor, as it leaves other fields. */
function commands(latest: Latest): Extension {
  const submit = () => {
    latest.current.onSubmit?.();
    return latest.current.onSubmit !== undefined;
  };
  const escape = () => {
    latest.current.onEscape?.();
    return latest.current.onEscape !== undefined;
  };
  return [
    Prec.high(keymap.of([{ key: 'Mod-Enter', run: submit }])),
    // Below the completion's own use of these keys.
    keymap.of([
      { key: 'Escape', run: escape },
      ...(latest.current.isSingleLine ? [{ key: 'Enter', run: () => submit() || true }] : []),
    ]),
  ];
}

/** What is pasted with several lines becomes one. */
const singleLine = EditorState.transactionFilter.of((transaction) => {
  if (!transaction.docChanged || transaction.newDoc.lines === 1) return transaction;
  const text = transaction.newDoc.sliceString(0, undefined, ' ');
  return { changes: { from: 0, to: transaction.startState.doc.length, insert: text }, sequential: false };
});
