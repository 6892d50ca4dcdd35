// A JSON document as the nodes of a tree: long lists and objects are divided into ranges of 100 children.

/** The most children that a node shows; with more, it shows ranges of them. */
const pageSize = 100;

export type JsonPath = readonly (string | number)[];

export interface JsonNode {
  /** Unique in its tree, and the same for the same place in another version of the document. */
  readonly id: string;
  /** The keys and indexes that lead to the value, from the root. */
  readonly path: JsonPath;
  readonly depth: number;
  readonly value: unknown;
  /** The children that it stands for, if it is a range of its parent. */
  readonly range?: { readonly from: number; readonly to: number };
}

export function rootNode(value: unknown): JsonNode {
  return { id: '', path: [], depth: 0, value };
}

export function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

export function sizeOf(value: object): number {
  return Array.isArray(value) ? value.length : Object.keys(value).length;
}

export function hasChildren({ value }: JsonNode): boolean {
  return isContainer(value) && sizeOf(value) > 0;
}

/** Its children, or ranges of them: at most 100 nodes, but for more than a million children. */
export function childrenOf(node: JsonNode): readonly JsonNode[] {
  const { value, range, path, depth, id } = node;
  if (!isContainer(value)) return [];
  const keys = Array.isArray(value) ? null : Object.keys(value);
  const { from, to } = range ?? { from: 0, to: keys ? keys.length : (value as unknown[]).length };
  const count = to - from;
  if (count <= pageSize) {
    return Array.from({ length: count }, (_, offset) => {
      const key = keys ? keys[from + offset]! : from + offset;
      const child = (value as Record<string | number, unknown>)[key];
      return { id: `${id}/${encodeURIComponent(key)}`, path: [...path, key], depth: depth + 1, value: child };
    });
  }
  const step = count <= pageSize ** 2 ? pageSize : pageSize ** 2;
  return Array.from({ length: Math.ceil(count / step) }, (_, index) => {
    const start = from + index * step;
    const end = Math.min(start + step, to);
    return { id: `${id}/:${start}-${end}`, path, depth: depth + 1, value, range: { from: start, to: end } };
  });
}

/** The rows that are to be seen, in order; at most `limit`. */
export function visibleNodes(root: JsonNode, open: ReadonlySet<string>, limit = 5_000): readonly JsonNode[] {
  const rows: JsonNode[] = [];
  const visit = (node: JsonNode) => {
    if (rows.length >= limit) return;
    rows.push(node);
    if (open.has(node.id)) for (const child of childrenOf(node)) visit(child);
  };
  visit(root);
  return rows;
}

/** Opens nodes level by level as long as no more than `rows` are to be seen. */
export function openNodes(root: JsonNode, rows: number): ReadonlySet<string> {
  const open = new Set<string>();
  let shown = 1;
  let level = [root];
  while (level.length > 0) {
    const next: JsonNode[] = [];
    for (const node of level) {
      if (!hasChildren(node)) continue;
      const children = childrenOf(node);
      // The root is always open: a closed tree says nothing.
      if (shown + children.length > rows && node !== root) continue;
      shown += children.length;
      open.add(node.id);
      next.push(...children);
    }
    level = next;
  }
  return open;
}

/** The paths of keys and scalars that contain the text, in document order; at most `limit`. */
export function searchPaths(value: unknown, text: string, limit = 1_000): readonly JsonPath[] {
  const wanted = text.toLowerCase();
  const found: JsonPath[] = [];
  const visit = (at: unknown, path: JsonPath) => {
    if (found.length >= limit) return;
    const key = path.at(-1);
    const isMatch =
      (typeof key === 'string' && key.toLowerCase().includes(wanted)) ||
      (!isContainer(at) && String(at).toLowerCase().includes(wanted));
    if (isMatch && path.length > 0) found.push(path);
    if (Array.isArray(at)) at.forEach((item, index) => visit(item, [...path, index]));
    else if (isContainer(at)) for (const [name, item] of Object.entries(at)) visit(item, [...path, name]);
  };
  visit(value, []);
  return found;
}

/** The node at a path with all nodes above it, ranges included; the root first. */
export function nodesTo(root: JsonNode, path: JsonPath): readonly JsonNode[] {
  const nodes = [root];
  let node: JsonNode | undefined = root;
  while (node && node.path.length < path.length) {
    const key: string | number = path[node.path.length]!;
    node = childrenOf(node).find((child) => leadsTo(child, key));
    if (node) nodes.push(node);
  }
  return nodes;
}

function leadsTo({ path, range, value }: JsonNode, key: string | number): boolean {
  if (!range) return path.at(-1) === key;
  const index = Array.isArray(value) ? Number(key) : Object.keys(value as object).indexOf(String(key));
  return index >= range.from && index < range.to;
}

const identifier = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** As a CEL expression reads it, such as `data.items[0]["content-type"]`. */
export function pathText(root: string, path: JsonPath): string {
  const parts = path.map((key) => {
    if (typeof key === 'number') return `[${key}]`;
    return identifier.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
  });
  return root + parts.join('');
}
