// The search box of the list of events, with its help and the searches that were saved.
import type { EditorView } from '@codemirror/view';
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from 'react';
import { useFilterCheck } from '../../base/editor.tsx';
import { celProblems } from '../../base/editor/problems.ts';
import { ProblemList } from '../../base/editor/problem-list.tsx';
import { useFilterWords } from '../../base/filter-words.ts';
import { parseSearch, searchFields, type SearchQuery } from './search-query.ts';

const SearchEditor = lazy(() => import('./search-editor.tsx'));

interface SearchBoxProps {
  readonly text: string;
  /** Called while somebody types, once the text is valid. */
  readonly onSearch: (text: string) => void;
  readonly onLeave: () => void;
  readonly onReady: (focus: () => void) => void;
}

const placeholder = 'Search: topic:order.* status:failed since:1h data.total > 100';
/** How long nobody types before the list follows, in milliseconds. */
const settleMs = 350;

export function SearchBox({ text, onSearch, onLeave, onReady }: SearchBoxProps) {
  const [draft, setDraft] = useState(text);
  const [isHelpOpen, setHelpOpen] = useState(false);
  const { query, problems, isValid } = useCheckedSearch(draft);
  const words = useFilterWords();
  const topics = useRef<readonly string[]>([]);
  topics.current = query.topics;
  const complete = useMemo(() => () => words(topics.current), [words]);
  const given = useRef(text);
  useEffect(() => {
    // The address changed: by a saved search, or by going back.
    if (text === given.current) return;
    given.current = text;
    setDraft(text);
  }, [text]);
  const search = (value: string) => {
    given.current = value;
    onSearch(value);
  };
  const latest = useRef(search);
  latest.current = search;
  useEffect(() => {
    if (!isValid || draft === given.current) return;
    const timer = setTimeout(() => latest.current(draft), settleMs);
    return () => clearTimeout(timer);
  }, [draft, isValid]);
  const ready = (view: EditorView) => onReady(() => view.focus());
  return (
    <div className="search-box">
      <div className="search-line">
        <Suspense fallback={<SearchFallback text={draft} />}>
          <SearchEditor
            label="Search events"
            value={draft}
            onChange={setDraft}
            words={complete}
            problems={problems}
            placeholder={placeholder}
            onSubmit={() => isValid && search(draft)}
            onEscape={onLeave}
            onReady={ready}
          />
        </Suspense>
        {draft !== '' && (
          <button type="button" onClick={() => setDraft('')}>
            Clear
          </button>
        )}
        <button
          type="button"
          aria-expanded={isHelpOpen}
          aria-controls="search-help"
          onClick={() => setHelpOpen(!isHelpOpen)}
        >
          Help
        </button>
      </div>
      <ProblemList text={draft} problems={problems} onFix={setDraft} />
      {isHelpOpen && <SearchHelp />}
    </div>
  );
}

function SearchFallback({ text }: { text: string }) {
  return (
    <div className="editor is-line" aria-hidden="true">
      <pre className="editor-fallback">{text || placeholder}</pre>
    </div>
  );
}

interface CheckedSearch {
  readonly query: SearchQuery;
  readonly problems: SearchQuery['problems'];
  /** Whether the search can be made: false also while its expression is being checked. */
  readonly isValid: boolean;
}

function useCheckedSearch(text: string): CheckedSearch {
  const query = useMemo(() => parseSearch(text), [text]);
  const { check, isCurrent } = useFilterCheck(query.where ?? '');
  const problems = useMemo(() => {
    if (!query.where || !check || !isCurrent) return query.problems;
    return [...query.problems, ...celProblems(query.where, check, query.whereOffset)];
  }, [query, check, isCurrent]);
  const isChecked = query.where === null || (isCurrent && check !== undefined);
  return { query, problems, isValid: isChecked && problems.length === 0 };
}

function SearchHelp() {
  return (
    <section id="search-help" className="card search-help" aria-label="Help on searching">
      <p>
        Each token restricts the list; all must match. Words without a token are searched in the topic,
        project, user, sender and description. An expression of CEL, recognised by its operators, tests the
        rest: <code>topic:order.* data.total &gt; 100 &amp;&amp; data.vip</code>.
      </p>
      <dl>
        {searchFields.map(({ name, example, help }) => (
          <div key={name}>
            <dt>
              <code>{example}</code>
            </dt>
            <dd>{help}</dd>
          </div>
        ))}
      </dl>
      <p className="muted">
        Keys: <kbd>/</kbd> here, <kbd>Esc</kbd> back to the list, <kbd>j</kbd> <kbd>k</kbd> or arrows to move,{' '}
        <kbd>Enter</kbd> to open, <kbd>x</kbd> to select, <kbd>Ctrl+Space</kbd> to complete.
      </p>
    </section>
  );
}
