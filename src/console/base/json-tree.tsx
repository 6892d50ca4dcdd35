// A JSON document as a tree that can be searched and folded, and whose paths and values can be copied.
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from 'react';
import {
  hasChildren,
  isContainer,
  type JsonNode,
  nodesTo,
  openNodes,
  pathText,
  rootNode,
  searchPaths,
  sizeOf,
  visibleNodes,
} from './json/json-nodes.ts';
import { CopyButton } from './notice.tsx';
import './json-tree.css';

interface JsonTreeProps {
  readonly value: unknown;
  /** Names the tree for people, such as "Payload". */
  readonly label: string;
  /** What copied paths begin with: `data` for a payload, as CEL has it. */
  readonly root: string;
}

/** How many rows are shown before anything is unfolded, and by "Unfold". */
const firstRows = 60;
const unfoldedRows = 1_000;

/** Shows at most a few thousand rows of a document of any size. */
export function JsonTree({ value, label, root }: JsonTreeProps) {
  const tree = useMemo(() => rootNode(value), [value]);
  const [open, setOpen] = useState(() => openNodes(tree, firstRows));
  const [selected, setSelected] = useState('');
  const rows = useMemo(() => visibleNodes(tree, open), [tree, open]);
  const list = useRef<HTMLDivElement>(null);
  const node = rows.find(({ id }) => id === selected) ?? tree;
  const toggle = (id: string) => setOpen((before) => toggled(before, id));
  const reveal = (path: JsonNode['path']) => {
    const nodes = nodesTo(tree, path);
    setOpen((before) => new Set([...before, ...nodes.slice(0, -1).map(({ id }) => id)]));
    setSelected(nodes.at(-1)!.id);
  };
  useEffect(() => {
    // Not when the tree is first shown: the page stays where it is.
    if (selected === '') return;
    list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' });
  }, [selected]);
  const onKeyDown = (event: KeyboardEvent) => {
    const move = keyMoves[event.key];
    if (!move || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const next = move({ rows, index: rows.indexOf(node), open, toggle });
    if (next) setSelected(next.id);
  };
  return (
    <div className="json">
      <div className="json-bar">
        <Search value={value} label={label} onFound={reveal} />
        <button type="button" onClick={() => setOpen(openNodes(tree, unfoldedRows))}>
          Unfold
        </button>
        <button type="button" onClick={() => setOpen(openNodes(tree, 1))}>
          Fold
        </button>
        <span className="json-path" title={pathText(root, node.path)}>
          <code>{pathText(root, node.path)}</code>
        </span>
        <CopyButton label="Copy path" text={() => pathText(root, node.path)} />
        <CopyButton label="Copy value" text={() => valueText(node.value)} />
      </div>
      <div className="json-rows" role="tree" aria-label={label} ref={list} onKeyDown={onKeyDown}>
        {rows.map((row) => (
          <Row
            key={row.id}
            node={row}
            isOpen={open.has(row.id)}
            isSelected={row === node}
            label={label}
            onSelect={() => setSelected(row.id)}
            onToggle={() => toggle(row.id)}
          />
        ))}
      </div>
    </div>
  );
}

function toggled(before: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const after = new Set(before);
  if (!after.delete(id)) after.add(id);
  return after;
}

function valueText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2);
}

interface Move {
  readonly rows: readonly JsonNode[];
  readonly index: number;
  readonly open: ReadonlySet<string>;
  toggle(id: string): void;
}

/** What a key does in the tree: returns the node to select. */
const keyMoves: Readonly<Record<string, (move: Move) => JsonNode | undefined>> = {
  ArrowDown: ({ rows, index }) => rows[index + 1],
  ArrowUp: ({ rows, index }) => rows[index - 1],
  Home: ({ rows }) => rows[0],
  End: ({ rows }) => rows.at(-1),
  Enter: ({ rows, index, toggle }) => void toggle(rows[index]!.id),
  ArrowRight: ({ rows, index, open, toggle }) => {
    const node = rows[index]!;
    if (!hasChildren(node)) return;
    if (open.has(node.id)) return rows[index + 1];
    return void toggle(node.id);
  },
  ArrowLeft: ({ rows, index, open, toggle }) => {
    const node = rows[index]!;
    if (open.has(node.id)) return void toggle(node.id);
    return rows.slice(0, index).findLast(({ depth }) => depth < node.depth);
  },
};

interface RowProps {
  readonly node: JsonNode;
  readonly label: string;
  readonly isOpen: boolean;
  readonly isSelected: boolean;
  onSelect(): void;
  onToggle(): void;
}

function Row({ node, label, isOpen, isSelected, onSelect, onToggle }: RowProps) {
  const row = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // Only where the tree has the focus already.
    if (isSelected && row.current?.parentElement?.contains(document.activeElement)) row.current.focus();
  }, [isSelected]);
  const isFoldable = hasChildren(node);
  return (
    <div
      ref={row}
      className="json-row"
      role="treeitem"
      aria-level={node.depth + 1}
      aria-selected={isSelected}
      {...(isFoldable && { 'aria-expanded': isOpen })}
      tabIndex={isSelected ? 0 : -1}
      style={{ paddingInlineStart: `${Math.min(node.depth, 30) * 1.1 + 1.5}rem` }}
      onClick={() => {
        onSelect();
        if (isFoldable) onToggle();
      }}
    >
      <span className="json-fold" aria-hidden="true">
        {isFoldable ? (isOpen ? '▾' : '▸') : ''}
      </span>
      <NodeName node={node} label={label} />
      <NodeValue node={node} isOpen={isOpen} isSelected={isSelected} />
    </div>
  );
}

function NodeName({ node: { path, range }, label }: { node: JsonNode; label: string }) {
  if (range) return <span className="json-range">{`[${range.from} … ${range.to - 1}]`}</span>;
  if (path.length === 0) return <span className="json-range">{label}</span>;
  return <span className="json-key">{path.at(-1)}</span>;
}

/** A text longer than the first is cut; of one that is selected, the second is shown. The rest can be copied. */
const shownText = 300;
const shownSelectedText = 20_000;

function NodeValue({ node, isOpen, isSelected }: { node: JsonNode; isOpen: boolean; isSelected: boolean }) {
  const { value, range } = node;
  if (range) return null;
  if (isContainer(value)) {
    const size = sizeOf(value);
    const brackets = Array.isArray(value) ? '[]' : '{}';
    if (size === 0) return <span className="json-size">{brackets}</span>;
    const what = Array.isArray(value) ? 'item' : 'key';
    return isOpen ? null : (
      <span className="json-size">{`${brackets[0]} ${size.toLocaleString()} ${what}${size === 1 ? '' : 's'} ${brackets[1]}`}</span>
    );
  }
  if (typeof value !== 'string') return <span className="json-scalar">{String(value)}</span>;
  const limit = isSelected ? shownSelectedText : shownText;
  const rest = value.length - limit;
  return (
    <span className="json-text">
      {JSON.stringify(rest > 0 ? value.slice(0, limit) : value)}
      {rest > 0 && <span className="json-size"> … {rest.toLocaleString()} more characters</span>}
    </span>
  );
}

interface SearchProps {
  readonly value: unknown;
  readonly label: string;
  onFound(path: JsonNode['path']): void;
}

function Search({ value, label, onFound }: SearchProps) {
  const id = useId();
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const found = useMemo(() => (text === '' ? [] : searchPaths(value, text)), [value, text]);
  const show = (paths: readonly JsonNode['path'][], index: number) => {
    const path = paths.at(index % paths.length);
    setAt(paths.length === 0 ? 0 : (index + paths.length) % paths.length);
    if (path) onFound(path);
  };
  return (
    <search className="json-search">
      <label htmlFor={id} className="visually-hidden">{`Search in ${label}`}</label>
      <input
        id={id}
        type="search"
        placeholder="Search keys and values"
        value={text}
        onChange={({ target }) => {
          setText(target.value);
          if (target.value !== '') show(searchPaths(value, target.value), 0);
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter') show(found, at + (event.shiftKey ? -1 : 1));
        }}
      />
      <span role="status" className="muted">
        {text !== '' && (found.length === 0 ? 'none' : `${at + 1} of ${found.length.toLocaleString()}`)}
      </span>
    </search>
  );
}
