// Editors for JSON and for filter expressions. CodeMirror is loaded when the first of them is shown.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useDeferredValue, useMemo } from 'react';
import { VerifyFilterDocument, type VerifyFilterQuery } from '../../../generated/console/graphql.ts';
import { useSession } from '../shell/session.ts';
import type { CodeEditorProps } from './editor/code-editor.tsx';
import { type Problem, celProblems, jsonProblems } from './editor/problems.ts';
import { ProblemList } from './editor/problem-list.tsx';
import { useFilterWords } from './filter-words.ts';
import './editor/editor.css';

const LazyCodeEditor = lazy(() => import('./editor/code-editor.tsx'));

/** The editor itself, for languages of a view's own. */
export function CodeEditor(props: CodeEditorProps) {
  const fallback = (
    <div className={props.isSingleLine ? 'editor is-line' : 'editor'} aria-hidden="true">
      <pre className="editor-fallback">{props.value || props.placeholder || ' '}</pre>
    </div>
  );
  return (
    <Suspense fallback={fallback}>
      <LazyCodeEditor {...props} />
    </Suspense>
  );
}

interface EditorProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (text: string) => void;
  /** Called by Ctrl+Enter; in an editor of one line by Enter, too. */
  readonly onSubmit?: (() => void) | undefined;
  readonly placeholder?: string;
}

interface JsonEditorProps extends EditorProps {
  /** What is wrong with the document beyond its syntax, such as what its schema refuses. */
  readonly problems?: readonly Problem[];
}

/** Says where the text is not JSON. `parseJson` of problems.ts reads the value. */
export function JsonEditor({ problems = [], ...props }: JsonEditorProps) {
  const wrong = useMemo(() => jsonProblems(props.value), [props.value]);
  const all = wrong.length > 0 ? wrong : problems;
  return (
    <div className="editor-group">
      <CodeEditor {...props} language="json" problems={all} />
      <ProblemList text={props.value} problems={all} onFix={props.onChange} />
    </div>
  );
}

interface CelEditorProps extends EditorProps {
  readonly isMultiline?: boolean;
  /** Topics whose stored events are read for the paths that are completed. Default: the latest events. */
  readonly topics?: readonly string[];
}

/** A `where`: completes fields, topics and payload paths, and shows what `verifyFilter` says of it. */
export function CelEditor({ isMultiline = false, topics = noTopics, ...props }: CelEditorProps) {
  const words = useFilterWords();
  const complete = useMemo(() => () => words(topics), [words, topics]);
  const { check, isCurrent } = useFilterCheck(props.value);
  const problems = useMemo(
    () => (check && isCurrent ? celProblems(props.value, check) : []),
    [check, isCurrent, props.value],
  );
  return (
    <div className="editor-group">
      <CodeEditor
        {...props}
        language="cel"
        words={complete}
        problems={problems}
        isSingleLine={!isMultiline}
      />
      <ProblemList text={props.value} problems={problems} onFix={props.onChange} />
    </div>
  );
}

const noTopics: readonly string[] = [];

export type FilterCheck = VerifyFilterQuery['verifyFilter'];

interface CheckedFilter {
  /** Undefined until the first answer. */
  readonly check: FilterCheck | undefined;
  /** Whether `check` is of the expression as it is now. */
  readonly isCurrent: boolean;
  readonly error: unknown;
}

/** What `verifyFilter` says of an expression; a blank one is not asked about. */
export function useFilterCheck(expression: string): CheckedFilter {
  const { client } = useSession();
  const asked = useDeferredValue(expression);
  const isBlank = asked.trim() === '';
  const { data, error, isPlaceholderData } = useQuery({
    queryKey: ['verifyFilter', asked],
    queryFn: async ({ signal }) => {
      // While somebody types, each key begins another query and ends the one before.
      await pauseFor(150, signal);
      return (await client.query(VerifyFilterDocument, { expression: asked }, { signal })).verifyFilter;
    },
    enabled: !isBlank,
    staleTime: Infinity,
    placeholderData: keepPreviousData,
  });
  const isCurrent = asked === expression && (isBlank || !isPlaceholderData);
  return { check: isBlank ? validBlank : data, isCurrent, error };
}

const validBlank: FilterCheck = { valid: true, message: null, line: null, column: null, suggestion: null };

function pauseFor(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    });
  });
}
