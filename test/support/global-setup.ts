import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startPostgres } from '../../coordinator/embedded/postgres.ts';
import { createLogger } from '../../platform/logger.ts';
import { dropDatabase, withDatabase } from '../../prisma/database.ts';
import { migrate } from '../../prisma/migrate.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Migrated database that every test database is a copy of. */
    readonly templateDatabase: string;
  }
}

/**
 * One server for the whole run, with one migrated template: ABKD_TEST_DATABASE_URL where it is set (a user who may
 * create databases), else a PostgreSQL of our own in a temporary folder.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.ABKD_TEST_DATABASE_URL;
  const server = given ? { url: given, stop: async () => undefined } : await startServer();
  const template = withDatabase(server.url, `abkd_template_${randomUUID()}`);
  await migrate(template);
  project.provide('templateDatabase', template);
  return async () => {
    await dropDatabase(template);
    await server.stop();
  };
}

async function startServer() {
  const home = await mkdtemp(join(tmpdir(), 'abkd-test-'));
  const postgres = await startPostgres({
    home,
    logger: createLogger('test-postgres', { level: 'warn' }),
    // Nobody needs this data after a crash of the machine.
    settings: { fsync: 'off', full_page_writes: 'off' },
  });
  return {
    url: postgres.connectionString('postgres'),
    stop: async () => {
      await postgres.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}
