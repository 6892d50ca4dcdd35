// Infers a JSON Schema from values: types, properties, and which of them all values have.

type Schema = Readonly<Record<string, unknown>>;

/** Deeper values are described by their type alone. */
const deepest = 8;

/** More properties than this are taken for keys of a map. */
const mostProperties = 100;

export function inferSchema(values: readonly unknown[], depth = 0): Schema {
  const types = [...new Set(values.map(typeOf))].sort();
  if (types.length === 2 && types.includes('integer') && types.includes('number')) types.splice(0, 1);
  if (types.length === 0) return {};
  const type = types.length === 1 ? types[0] : types;
  if (depth === deepest) return { type };
  const objects = values.filter((value) => typeOf(value) === 'object') as Record<string, unknown>[];
  const items = values.filter(Array.isArray).flatMap((list) => list.slice(0, 100) as unknown[]);
  return {
    type,
    ...(objects.length > 0 && propertiesOf(objects, depth)),
    ...(items.length > 0 && { items: inferSchema(items, depth + 1) }),
  };
}

function propertiesOf(objects: readonly Record<string, unknown>[], depth: number): Schema {
  const names = [...new Set(objects.flatMap((object) => Object.keys(object)))];
  if (names.length > mostProperties) return {};
  const having = (name: string) => objects.filter((object) => Object.hasOwn(object, name));
  const required = names.filter((name) => having(name).length === objects.length);
  const schemas = names.map((name) => [
    name,
    inferSchema(
      having(name).map((object) => object[name]),
      depth + 1,
    ),
  ]);
  return { properties: Object.fromEntries(schemas) as Schema, ...(required.length > 0 && { required }) };
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}
