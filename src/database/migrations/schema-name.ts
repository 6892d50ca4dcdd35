// The name of the Postgres schema of one installation: its default, and the `schema` parameter of a URL.

export const defaultSchema = 'throughline';

/** Postgres silently truncates longer names. */
const mostBytes = 63;

/** A schema name, or the fault in the URL's. */
export type SchemaName = { readonly schema: string } | { readonly fault: string };

/** Reads `?schema=`, as in Prisma's connection URLs. */
export function schemaOf(url: URL): SchemaName {
  const given = url.searchParams.getAll('schema');
  const [schema = defaultSchema] = given;
  if (new Set(given).size > 1)
    return { fault: `has several schemas; give one, such as ?schema=${defaultSchema}.` };
  const fault = faultOf(schema);
  return fault === undefined
    ? { schema }
    : { fault: `has a schema that ${fault}; give one such as ?schema=${defaultSchema}.` };
}

function faultOf(schema: string): string | undefined {
  if (schema === '' || schema.includes('\0')) return 'is not a name';
  if (Buffer.byteLength(schema) > mostBytes) return `is longer than ${mostBytes} bytes`;
  if (schema.startsWith('pg_') || schema === 'information_schema') return 'is reserved by Postgres';
  return undefined;
}
