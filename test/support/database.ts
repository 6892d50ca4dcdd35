// Databases for tests: the same suite on the embedded database and on Postgres, each test file on its own.
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, inject } from 'vitest';
import { Releasers } from '../../src/base/lifecycle.ts';
import type { Database } from '../../src/database/database.ts';
import { openEmbedded } from '../../src/database/embedded/embedded.ts';
import { openPostgres } from '../../src/database/postgres/postgres.ts';
import { telling } from './forwarding.ts';
import { createDatabase, dropDatabase, noServerHint, onServer, urlOf } from './postgres-server.ts';

/** What a gateway needs to start on a test's database. */
export interface GatewayTarget {
  /** The Postgres database's URL; absent for the embedded database. */
  readonly url?: string;
  /** A folder of the test's own; for the embedded database it holds a migrated, empty one. */
  readonly folder: string;
}

export interface Backend {
  readonly kind: Database['kind'];
  /** The suite's database, with every table empty. One object per suite, closed after it; tests need not close it. */
  open(): Promise<Database>;
  /** Another object on the same Postgres database, as a second gateway has it; closed after the suite. */
  openAnother(poolSize?: number): Promise<Database>;
  /**
   * A migrated, empty database for a gateway that the test starts, and stops before it asks for the next. On Postgres
   * it is the one that `open` gives too; on the embedded database a new one, since a folder has one opener.
   */
  target(): Promise<GatewayTarget>;
}

/** Runs the suite once per backend, as `name on embedded` and `name on postgres`. */
export function describeDatabases(name: string, suite: (backend: Backend) => void): void {
  describeEmbedded(name, suite);
  describePostgres(name, suite);
}

export function describeEmbedded(name: string, suite: (backend: Backend) => void): void {
  describe(`${name} on embedded`, () => suite(register(new EmbeddedBackend())));
}

/** Skipped, with a line that says how to run it, where there is no server. */
export function describePostgres(name: string, suite: (backend: PostgresBackend) => void): void {
  const postgres = inject('postgres');
  if (postgres) {
    describe(`${name} on postgres`, () =>
      suite(register(new PostgresBackend(postgres.server, postgres.template))));
  } else {
    describe.skip(`${name} on postgres (${noServerHint})`, () => suite(new PostgresBackend('', '')));
  }
}

function register<Kind extends TestBackend>(backend: Kind): Kind {
  beforeAll(() => backend.prepare());
  afterAll(() => backend.releasers.releaseAll());
  return backend;
}

abstract class TestBackend implements Backend {
  abstract readonly kind: Database['kind'];
  readonly releasers = new Releasers();
  #database: Database | undefined;

  async open(): Promise<Database> {
    this.#database ??= this.#own(await this.connect(5));
    await truncate(this.#database);
    return this.#database;
  }

  async openAnother(poolSize = 5): Promise<Database> {
    return this.#own(await this.connect(poolSize));
  }

  abstract prepare(): Promise<void>;
  abstract target(): Promise<GatewayTarget>;
  protected abstract connect(poolSize: number): Promise<Database>;

  protected async newFolder(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'throughline-test-'));
    this.releasers.add(() => rm(folder, { recursive: true, force: true }));
    return folder;
  }

  #own(database: Database): Database {
    this.releasers.add(() => database.close());
    return database;
  }
}

class EmbeddedBackend extends TestBackend {
  readonly kind = 'embedded';
  #opened = false;

  async prepare(): Promise<void> {}

  async target(): Promise<GatewayTarget> {
    const folder = await this.newFolder();
    await cp(join(inject('templateFolder'), 'data'), join(folder, 'data'), { recursive: true });
    return { folder };
  }

  protected async connect(): Promise<Database> {
    if (this.#opened) throw new Error('the embedded database has one connection: use describePostgres');
    this.#opened = true;
    return openEmbedded('memory://', { from: embeddedTemplate });
  }
}

/** For tests that look at the server itself, too. */
export class PostgresBackend extends TestBackend {
  readonly kind = 'postgres';
  readonly server: string;
  readonly #template: string;
  /** Of the suite's own database. */
  url = '';

  constructor(server: string, template: string) {
    super();
    this.server = server;
    this.#template = template;
  }

  async prepare(): Promise<void> {
    this.url = await this.copyOf(this.#template);
  }

  async target(): Promise<GatewayTarget> {
    await this.open();
    return { url: this.url, folder: await this.newFolder() };
  }

  /** The URL of a database without any table, dropped after the suite. */
  emptyDatabase(): Promise<string> {
    return this.copyOf('template0');
  }

  /**
   * An empty database for a role that may open this many connections: its URL, and the name of both the role and the
   * database. `owner` is the URL without that limit.
   */
  async limitedRole(connections: number): Promise<{ url: string; owner: string; name: string }> {
    const owner = await this.emptyDatabase();
    const url = new URL(owner);
    const name = url.pathname.slice(1);
    await onServer(
      owner,
      `CREATE ROLE "${name}" LOGIN CONNECTION LIMIT ${connections}; GRANT CREATE ON DATABASE "${name}" TO "${name}"`,
    );
    this.releasers.add(() => onServer(owner, `DROP OWNED BY "${name}"; DROP ROLE "${name}"`).then(() => {}));
    url.username = name;
    return { url: url.href, owner, name };
  }

  protected connect(poolSize: number): Promise<Database> {
    return openPostgres(this.url, { poolSize, applicationName: 'throughline-test' });
  }

  protected async copyOf(template: string): Promise<string> {
    const name = await createDatabase(this.server, template);
    this.releasers.add(() => dropDatabase(this.server, name));
    return urlOf(this.server, name);
  }
}

/** The dump of a migrated, empty embedded database. */
export async function embeddedTemplate(): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await readFile(join(inject('templateFolder'), 'template.tar')));
}

async function truncate(database: Database): Promise<void> {
  const text = `SELECT string_agg(quote_ident(tablename), ', ') AS names FROM pg_tables
    WHERE schemaname = current_schema() AND tablename <> '_prisma_migrations'`;
  const [row] = await database.query<{ names: string }>({ text, values: [] });
  await database.query({ text: `TRUNCATE ${row?.names}`, values: [] });
}

/** A database that records what it is asked; BEGIN and COMMIT are not among it. */
export interface CountingDatabase extends Database {
  /** Texts of the statements so far; set `length` to 0 to start over. */
  readonly statements: string[];
}

/** Closing it closes the database behind it. */
export function countStatements(database: Database): CountingDatabase {
  const statements: string[] = [];
  const note = (text: string) => void statements.push(text);
  return { ...telling(database, ({ text }) => note(text), note), statements };
}
