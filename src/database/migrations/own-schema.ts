// Creates the gateway's Postgres schema if needed, and refuses to start, with the GRANT to run, if the role may not
// use it.
import { StartupError, type Transaction } from '../database.ts';
import { quoteIdentifier } from '../sql-failure.ts';

interface Rights {
  readonly role: string;
  readonly database: string;
  readonly mayCreateSchemas: boolean;
  /** Null if the schema does not exist. */
  readonly mayUse: boolean | null;
  readonly mayCreateTables: boolean | null;
}

const readRights = `SELECT current_user::text AS role, current_database()::text AS database,
    has_database_privilege(current_database(), 'CREATE') AS "mayCreateSchemas",
    has_schema_privilege(n.oid, 'USAGE') AS "mayUse", has_schema_privilege(n.oid, 'CREATE') AS "mayCreateTables"
  FROM (SELECT to_regnamespace($1)::oid AS oid) n`;

/** Called only if migrations are missing, since a role needs fewer rights otherwise. */
export async function prepareSchema(tx: Transaction, schema: string): Promise<void> {
  const name = quoteIdentifier(schema);
  const [rights] = await tx.query<Rights>({ text: readRights, values: [name] });
  const { role, database, mayCreateSchemas, mayUse, mayCreateTables } = rights!;
  const grantee = quoteIdentifier(role);
  if (mayUse === null) {
    if (mayCreateSchemas) return tx.exec(`CREATE SCHEMA ${name}`);
    const here = quoteIdentifier(database);
    throw new StartupError(
      `permission denied to create the schema ${name} in the database ${here}: run GRANT CREATE ON DATABASE ${here} TO ${grantee}, or CREATE SCHEMA ${name} AUTHORIZATION ${grantee}`,
    );
  }
  if (!mayUse || !mayCreateTables) {
    throw new StartupError(
      `permission denied for schema ${name}: run GRANT USAGE, CREATE ON SCHEMA ${name} TO ${grantee}`,
    );
  }
}
