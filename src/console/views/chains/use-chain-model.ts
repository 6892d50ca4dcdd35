// What the chain view shows of its events: computed from them, the selection, and what is open and closed.
import { useCallback, useEffect, useMemo, useState } from 'react';
import { useAddress } from '../../base/address.ts';
import type { ChainEvents } from './model/chain-events.ts';
import { ancestry, buildTree, type ChainNode, type ChainTree, failedLeaves } from './model/chain-tree.ts';
import { criticalPath, type CriticalPath } from './model/critical-path.ts';
import { spanOf, type TimeSpan } from './model/timing.ts';
import { rowsOf, showTree, type VisibleNode } from './model/visible-tree.ts';

export interface ChainModel {
  readonly tree: ChainTree;
  readonly failures: readonly ChainNode[];
  readonly path: CriticalPath;
  readonly span: TimeSpan;
  readonly now: number;
  readonly isFinished: boolean;
  readonly roots: readonly VisibleNode[];
  readonly rows: readonly VisibleNode[];
  /** The selected event or group; undefined if nothing is, or if it is gone. */
  readonly selected: VisibleNode | undefined;
  select(key: string): void;
  toggle(node: VisibleNode): void;
}

const tickMs = 1_000;

export function useChainModel(events: ChainEvents): ChainModel {
  const tree = useMemo(() => buildTree(events.values()), [events]);
  const isFinished = useMemo(() => tree.inOrder.every(({ event }) => event.finishedAt !== null), [tree]);
  const now = useNow(!isFinished, events);
  const failures = useMemo(() => failedLeaves(tree), [tree]);
  const path = useMemo(() => criticalPath(tree, now), [tree, now]);
  const span = useMemo(() => spanOf(tree.inOrder, now) ?? { from: 0, to: 0 }, [tree, now]);
  const [address, changeAddress] = useAddress();
  // Where a request stopped is what one comes for.
  const selectedKey = address.event ?? failures[0]?.event.id ?? '';
  const { showing, reveal, toggle } = useShowing(tree, selectedKey, path);
  const roots = useMemo(() => showTree(tree, showing), [tree, showing]);
  const rows = useMemo(() => rowsOf(roots), [roots]);
  const selected = useMemo(() => rows.find(({ key }) => key === selectedKey), [rows, selectedKey]);
  const select = useCallback(
    (key: string) => {
      reveal(key);
      changeAddress({ event: key });
    },
    [reveal, changeAddress],
  );
  const close = useCallback(
    (node: VisibleNode) => {
      // What is selected stays in sight.
      const isAbove = (other: VisibleNode | null | undefined): boolean =>
        other !== null && other !== undefined && (other === node || isAbove(other.parent));
      if (node.isOpen && selected && selected !== node && isAbove(selected)) select(node.key);
      toggle(node.key);
    },
    [select, selected, toggle],
  );
  return { tree, failures, path, span, now, isFinished, roots, rows, selected, select, toggle: close };
}

/** What is open, closed and apart from its group. An event that was once selected stays apart: rows do not jump. */
function useShowing(tree: ChainTree, selectedKey: string, path: CriticalPath) {
  const [toggled, setToggled] = useState<ReadonlySet<string>>(new Set());
  const [revealed, setRevealed] = useState<ReadonlySet<string>>(new Set());
  const pathKey = [...path.ids].join();
  const showing = useMemo(() => {
    const line = ancestry(tree.byId.get(selectedKey)).map(({ event }) => event.id);
    return { toggled, pinned: new Set([...revealed, ...line, ...pathKey.split(',')]) };
  }, [tree, toggled, revealed, selectedKey, pathKey]);
  const reveal = useCallback(
    (key: string) => {
      const line = ancestry(tree.byId.get(key)).map(({ event }) => event.id);
      setRevealed((before) => new Set([...before, ...line]));
      const above = line.slice(1);
      setToggled((before) =>
        above.some((id) => before.has(id))
          ? new Set([...before].filter((id) => !above.includes(id)))
          : before,
      );
    },
    [tree],
  );
  const toggle = useCallback(
    (key: string) =>
      setToggled((before) => {
        const after = new Set(before);
        if (!after.delete(key)) after.add(key);
        return after;
      }),
    [],
  );
  return { showing, reveal, toggle };
}

/** The time now, once a second and with each change while anything is open. */
function useNow(isTicking: boolean, change: unknown): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    setNow(Date.now());
    if (!isTicking) return;
    const timer = setInterval(() => setNow(Date.now()), tickMs);
    return () => clearInterval(timer);
  }, [isTicking, change]);
  return now;
}
