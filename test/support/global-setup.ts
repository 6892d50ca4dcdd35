// Before all tests: the generated code and the console are current; one migrated database of each kind, from which every test file's own is copied.
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { openEmbedded } from '../../src/database/embedded/embedded.ts';
import { migrate } from '../../src/database/migrations/migrate.ts';
import { ensureClientGenerated } from '../../scripts/generate-client.mjs';
import { ensureGenerated } from '../../scripts/generate-prisma.mjs';
import { openPostgres } from '../../src/database/postgres/postgres.ts';
import { createDatabase, dropDatabase, dropForgotten, findServer, urlOf } from './postgres-server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Holds `template.tar`, a dump, and `data`, an embedded database's folder; both migrated and empty. */
    templateFolder: string;
    /** A server's URL and its migrated template database; null where there is no server. */
    postgres: { server: string; template: string } | null;
  }
}

export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  await ensureGenerated();
  await ensureClientGenerated();
  buildConsole();
  const folder = await mkdtemp(join(tmpdir(), 'throughline-template-'));
  const server = await findServer();
  await makeEmbeddedTemplate(folder);
  const template = server === null ? null : await makePostgresTemplate(server);
  project.provide('templateFolder', folder);
  project.provide('postgres', server && template ? { server, template } : null);
  return async () => {
    await rm(folder, { recursive: true, force: true });
    if (server && template) await dropDatabase(server, template);
  };
}

/** In a process of its own: in this one, React would be built for development. */
function buildConsole(): void {
  const { NODE_ENV: _, ...env } = process.env;
  execFileSync(process.execPath, ['scripts/build-console.mjs'], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

async function makeEmbeddedTemplate(folder: string): Promise<void> {
  const database = await openEmbedded(join(folder, 'data'));
  await migrate(database);
  await writeFile(join(folder, 'template.tar'), await database.dump());
  await database.close();
}

async function makePostgresTemplate(server: string): Promise<string> {
  await dropForgotten(server);
  const template = await createDatabase(server);
  const database = await openPostgres(urlOf(server, template), { poolSize: 1, applicationName: 'template' });
  await migrate(database);
  await database.close();
  return template;
}
