// Holds the tables that the migrations make against the Prisma schema, which is to describe every one of them.
import { readFile } from 'node:fs/promises';
import prisma from '@prisma/prisma-schema-wasm';
import { expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { describeDatabases } from '../support/database.ts';

interface Field {
  readonly name: string;
  readonly dbName?: string | null;
  readonly kind: 'scalar' | 'enum' | 'object';
  readonly type: string;
  readonly isList: boolean;
  readonly isRequired: boolean;
  readonly nativeType: readonly [string, readonly string[]] | null;
  readonly default?: unknown;
  readonly relationName?: string;
  readonly relationFromFields?: readonly string[];
  readonly relationOnDelete?: string;
}

interface Model {
  readonly name: string;
  readonly dbName: string | null;
  readonly documentation?: string;
  readonly fields: readonly Field[];
}

interface DataModel {
  readonly models: readonly Model[];
  readonly enums: readonly {
    name: string;
    dbName: string | null;
    values: { name: string; dbName: string | null }[];
  }[];
  readonly indexes: readonly {
    model: string;
    type: 'id' | 'normal' | 'unique';
    dbName?: string;
    fields: { name: string }[];
  }[];
}

const file = new URL('../../prisma/schema.prisma', import.meta.url);
const schema = await readFile(file, 'utf8');
const files = [['schema.prisma', schema]];
const { datamodel } = JSON.parse(prisma.get_dmmf(JSON.stringify({ prismaSchema: files }))) as {
  datamodel: DataModel;
};

const scalarTypes: Readonly<Record<string, string>> = {
  String: 'text',
  Int: 'integer',
  BigInt: 'bigint',
  Float: 'double precision',
  Boolean: 'boolean',
  Json: 'jsonb',
};

function columnName(field: Field): string {
  return field.dbName ?? field.name;
}

function columnsOf(model: Model, names: readonly string[]): string[] {
  return names.map((name) => columnName(model.fields.find((field) => field.name === name)!));
}

/** As format_type() of Postgres writes it. */
function typeOf({ kind, type, nativeType, isList }: Field): string {
  return `${baseType(kind, type, nativeType)}${isList ? '[]' : ''}`;
}

function baseType(kind: Field['kind'], type: string, nativeType: Field['nativeType']): string {
  if (kind === 'enum') return datamodel.enums.find(({ name }) => name === type)!.dbName ?? type;
  if (nativeType === null) return scalarTypes[type] ?? `no type for ${type}`;
  const [native, [precision]] = nativeType;
  if (native === 'Timestamptz') return `timestamp(${precision}) with time zone`;
  return native.toLowerCase();
}

/** As pg_get_expr() writes it. */
function defaultOf(field: Field): string | null {
  if (field.default === undefined) return null;
  if (typeof field.default !== 'string') return String(field.default);
  return `'${field.default}'::${typeOf(field)}`;
}

function declaredColumns(model: Model): object[] {
  const stored = model.fields.filter(({ kind }) => kind !== 'object');
  return stored.map((field) => ({
    name: columnName(field),
    type: typeOf(field),
    // A list field may be null in the database, as Prisma Migrate makes it.
    required: field.isRequired && !field.isList,
    default: defaultOf(field),
  }));
}

async function actualColumns(database: Database, table: string): Promise<{ name: string }[]> {
  const text = `SELECT attname AS name, format_type(atttypid, atttypmod) AS type, attnotnull AS required,
      pg_get_expr(adbin, adrelid) AS default
    FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped`;
  return database.query({ text, values: [`"${table}"`] });
}

/** Those over all rows and plain columns: what Prisma's language has no words for, it does not declare. */
async function actualIndexes(database: Database): Promise<object[]> {
  const text = `SELECT t.relname AS table, i.relname AS name, indisunique AS "unique", indisprimary AS "primary",
      (SELECT array_agg(attname::text ORDER BY k.n) FROM unnest(indkey) WITH ORDINALITY AS k(num, n)
        JOIN pg_attribute ON attrelid = t.oid AND attnum = k.num) AS columns
    FROM pg_index JOIN pg_class i ON i.oid = indexrelid JOIN pg_class t ON t.oid = indrelid
    WHERE t.relnamespace = current_schema()::regnamespace AND indpred IS NULL AND indexprs IS NULL
      AND t.relname <> '_prisma_migrations'`;
  return database.query({ text, values: [] });
}

function declaredIndexes(): object[] {
  return datamodel.indexes.map(({ model: name, type, dbName, fields }) => {
    const model = datamodel.models.find((candidate) => candidate.name === name)!;
    const table = model.dbName ?? model.name;
    return {
      table,
      name: dbName ?? `${table}_pkey`,
      unique: type !== 'normal',
      primary: type === 'id',
      columns: columnsOf(
        model,
        fields.map((field) => field.name),
      ),
    };
  });
}

function byName(rows: readonly object[]): object[] {
  return rows.toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));
}

test('the Prisma schema is valid and formatted', () => {
  expect(() => prisma.validate(JSON.stringify({ prismaSchema: files, noColor: true }))).not.toThrow();
  expect(JSON.parse(prisma.lint(JSON.stringify(files)))).toEqual([]);
  const formatted = JSON.parse(
    prisma.format(
      JSON.stringify(files),
      JSON.stringify({
        textDocument: { uri: 'file:/schema.prisma' },
        options: { tabSize: 2, insertSpaces: true },
      }),
    ),
  ) as [string, string][];
  expect(formatted[0]![1]).toBe(schema);
});

test('the Prisma schema describes every table', () => {
  expect(datamodel.models.filter(({ documentation }) => !documentation)).toEqual([]);
});

describeDatabases('the Prisma schema', (backend) => {
  test('has every table, and the database every model', async () => {
    const text = `SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema()`;
    const tables = await (await backend.open()).query<{ name: string }>({ text, values: [] });
    const models = datamodel.models.map(({ name, dbName }) => dbName ?? name);
    expect(tables.map(({ name }) => name).sort()).toEqual(['_prisma_migrations', ...models].sort());
  });

  test.each(datamodel.models)(
    'has every column of $dbName with its type, nullability and default',
    async (model) => {
      const actual = await actualColumns(await backend.open(), model.dbName ?? model.name);
      expect(byName(actual)).toEqual(byName(declaredColumns(model)));
    },
  );

  test('has every enum with its values in their order', async () => {
    const text = `SELECT typname AS name, array_agg(enumlabel::text ORDER BY enumsortorder) AS values
      FROM pg_enum JOIN pg_type ON pg_type.oid = enumtypid GROUP BY typname`;
    const declared = datamodel.enums.map(({ name, dbName, values }) => ({
      name: dbName ?? name,
      values: values.map((value) => value.dbName ?? value.name),
    }));
    expect(byName(await (await backend.open()).query({ text, values: [] }))).toEqual(byName(declared));
  });

  test('has every primary key and every index over all rows', async () => {
    expect(byName(await actualIndexes(await backend.open()))).toEqual(byName(declaredIndexes()));
  });

  test('has every foreign key', async () => {
    const text = `SELECT conrelid::regclass::text AS table, attname::text AS column,
        CASE confdeltype WHEN 'a' THEN 'NoAction' WHEN 'c' THEN 'Cascade' WHEN 'r' THEN 'Restrict'
          WHEN 'n' THEN 'SetNull' ELSE 'SetDefault' END AS "onDelete"
      FROM pg_constraint JOIN pg_attribute ON attrelid = conrelid AND attnum = ANY (conkey) WHERE contype = 'f'`;
    const declared = datamodel.models.flatMap((model) =>
      model.fields.flatMap(({ relationFromFields, relationOnDelete }) =>
        columnsOf(model, relationFromFields ?? []).map((column) => ({
          table: model.dbName ?? model.name,
          column,
          onDelete: relationOnDelete,
        })),
      ),
    );
    expect(byName(await (await backend.open()).query({ text, values: [] }))).toEqual(byName(declared));
  });
});
