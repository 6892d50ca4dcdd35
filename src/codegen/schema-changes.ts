// The differences between two sets of declared topics, and which of them break senders or readers.
import type { DeclaredTopic } from './declared-topics.ts';

export interface TopicChange {
  readonly topic: string;
  /** Where in the schema, such as `payload.total`; empty for the topic as a whole. */
  readonly path: string;
  readonly message: string;
  /** Whether events that were valid are refused now, or readers can meet values that they did not before. */
  readonly isBreaking: boolean;
}

type Schema = Readonly<Record<string, unknown>>;
type Add = (path: string, message: string, isBreaking: boolean) => void;

/** The changes from one set to the other, by topic. Topics that are missing in `after` are not removed by a push. */
export function schemaChanges(
  before: readonly DeclaredTopic[],
  after: readonly DeclaredTopic[],
): TopicChange[] {
  const earlier = new Map(before.map((topic) => [topic.name, topic]));
  const changes: TopicChange[] = [];
  for (const topic of after) {
    const add: Add = (path, message, isBreaking) =>
      void changes.push({ topic: topic.name, path, message, isBreaking });
    const old = earlier.get(topic.name);
    if (!old) add('', 'is new', false);
    else compareTopics(old, topic, add);
  }
  return changes.sort((a, b) => (a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : 0));
}

function compareTopics(old: DeclaredTopic, topic: DeclaredTopic, add: Add): void {
  for (const field of ['title', 'description'] as const)
    if ((old[field] ?? null) !== (topic[field] ?? null)) add('', `has another ${field}`, false);
  compare('payload', asSchema(old.payloadSchema), asSchema(topic.payloadSchema), add);
  compare('summary', asSchema(old.summarySchema), asSchema(topic.summarySchema), add);
}

function asSchema(schema: unknown): Schema | undefined {
  return typeof schema === 'object' && schema !== null ? (schema as Schema) : undefined;
}

/** Keywords whose differences are described one by one; any other difference is taken to break. */
const described = [
  'type',
  'properties',
  'required',
  'enum',
  'items',
  'title',
  'description',
  'examples',
  '$id',
];

function compare(path: string, old: Schema | undefined, schema: Schema | undefined, add: Add): void {
  if (isSame(old, schema)) return;
  if (!schema) return add(path, 'has no schema any more: readers can meet any value', true);
  if (!old) return add(path, 'has a schema now: senders of other values are refused', true);
  compareTypes(path, old, schema, add);
  compareEnums(path, old, schema, add);
  compareProperties(path, old, schema, add);
  const [items, oldItems] = [asSchema(schema.items), asSchema(old.items)];
  if (items || oldItems) compare(`${path}[]`, oldItems, items, add);
  const keywords = new Set([...Object.keys(old), ...Object.keys(schema)]);
  for (const keyword of keywords)
    if (!described.includes(keyword) && !isSame(old[keyword], schema[keyword]))
      add(path, `has another ${keyword}`, true);
}

function compareTypes(path: string, old: Schema, schema: Schema, add: Add): void {
  const [before, after] = [old.type, schema.type].map((type) =>
    [type].flat().filter(Boolean).map(String).sort(),
  );
  if (!isSame(before, after))
    add(
      path,
      `is ${after?.join(' or ') || 'of any type'}, and was ${before?.join(' or ') || 'of any type'}`,
      true,
    );
}

function compareEnums(path: string, old: Schema, schema: Schema, add: Add): void {
  if (isSame(old.enum, schema.enum)) return;
  const [before, after] = [old.enum, schema.enum].map((values) =>
    Array.isArray(values) ? values.map((value) => JSON.stringify(value)) : undefined,
  );
  if (!before || !after) return add(path, after ? 'is limited to some values' : 'may have any value', true);
  for (const value of before) if (!after.includes(value)) add(path, `may not be ${value} any more`, true);
  for (const value of after)
    if (!before.includes(value)) add(path, `may be ${value}: readers can meet a new value`, true);
}

function compareProperties(path: string, old: Schema, schema: Schema, add: Add): void {
  const [before, after] = [asSchema(old.properties) ?? {}, asSchema(schema.properties) ?? {}];
  const [wasRequired, isRequired] = [old.required, schema.required].map(
    (names) => new Set(Array.isArray(names) ? (names as string[]) : []),
  );
  for (const name of new Set([
    ...Object.keys(before),
    ...Object.keys(after),
    ...wasRequired!,
    ...isRequired!,
  ])) {
    const at = `${path}.${name}`;
    const [had, has] = [wasRequired!.has(name), isRequired!.has(name)];
    if (has && !had) add(at, 'is required now: senders without it are refused', true);
    if (had && !has) add(at, 'is optional now: readers can miss it', true);
    if (!(name in before) && name in after && !has) add(at, 'is new', false);
    if (name in before && !(name in after)) add(at, 'is gone', true);
    if (name in before && name in after) compare(at, asSchema(before[name]), asSchema(after[name]), add);
  }
}

/** Whatever the order of keys. */
function isSame(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_key, inner: unknown) =>
      typeof inner === 'object' && inner !== null && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
        : inner,
    ) ?? ''
  );
}
