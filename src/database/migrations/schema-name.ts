// The Postgres schema that holds all tables of one installation: its default, and the `schema` parameter of a URL.

export const defaultSchema = 'throughline';

/** Postgres cuts longer names off without an error. */
const mostBytes = 63;

/** A schema's name, or what is wrong with the one that the URL gives. */
export type SchemaName = { readonly schema: string } | { readonly fault: string };

/** As `?schema=` names it, in the form of Prisma's connection URLs; the default without one. */
export function schemaOf(url: URL): SchemaName {
  const given = url.searchParams.getAll('schema');
  const [schema = defaultSchema] = given;
  if (new Set(given).size > 1)
    return { fault: `has several schemas; give one, such as ?schema=${defaultSchema}.` };
  const fault = faultOf(schema);
  return fault === undefined
    ? { schema }
    : { fault: `has a schema that ${fault}, such as ?schema=${defaultSchema}.` };
}

function faultOf(schema: string): string | undefined {
  if (schema === '' || schema.includes('\0')) return 'is not a name; give one';
  if (Buffer.byteLength(schema) > mostBytes) return `is longer than ${mostBytes} bytes; give a shorter one`;
  if (schema.startsWith('pg_') || schema === 'information_schema')
    return 'Postgres keeps for itself; give another';
  return undefined;
}
