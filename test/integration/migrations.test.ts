import pg from 'pg';
import { afterAll, afterEach, expect, test } from 'vitest';
import { compareMigrationsWith } from '../../prisma/compare.ts';
import { dropDatabase, withDatabase } from '../../prisma/database.ts';
import { migrate } from '../../prisma/migrate.ts';
import { readMigrations, readSchema } from '../../prisma/migrations.ts';
import { createTestDatabase } from '../support/database.ts';

const database = await createTestDatabase();
const fresh = withDatabase(database.connectionString, 'abkd_migrations_test');

afterEach(() => dropDatabase(fresh));
afterAll(() => database.drop());

test('the migrations make exactly what the schema says', async () => {
  expect(await compareMigrationsWith(await readSchema(), database.connectionString)).toBe('');
});

test('a field that is in the schema and in no migration is noticed, with the SQL that is missing', async () => {
  const schema = await readSchema();
  const changed = schema.content.replace('model Worker {', 'model Worker {\n  motto String?');
  expect(changed).not.toBe(schema.content);
  const sql = await compareMigrationsWith({ ...schema, content: changed }, database.connectionString);
  expect(sql).toContain('ALTER TABLE "workers" ADD COLUMN     "motto" TEXT;');
});

test('an index that is in a migration and not in the schema is noticed', async () => {
  const schema = await readSchema();
  const changed = schema.content.replace('  @@index([fingerprint])\n', '');
  expect(changed).not.toBe(schema.content);
  const sql = await compareMigrationsWith({ ...schema, content: changed }, database.connectionString);
  expect(sql).toContain('DROP INDEX "tasks_fingerprint_idx";');
});

test('migrate() creates the database, and of five processes at once each migration is applied by one', async () => {
  const names = (await readMigrations()).migrationDirectories.map((directory) => directory.path);
  const applied = await Promise.all(Array.from({ length: 5 }, () => migrate(fresh)));
  expect(applied.flat()).toEqual(names);
  const client = new pg.Client({ connectionString: fresh });
  await client.connect();
  const { rows } = await client.query('SELECT migration_name AS name FROM _prisma_migrations ORDER BY 1');
  await client.end();
  expect(rows.map((row) => row.name)).toEqual(names);
});

test('migrate() says that the server cannot be reached', async () => {
  const nowhere = 'postgresql://abkd:secret@127.0.0.1:1/abkd';
  await expect(migrate(nowhere)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await expect(migrate(nowhere)).rejects.toThrow(/^Cannot connect to Postgres at 127.0.0.1:1: /);
  await expect(migrate(nowhere)).rejects.not.toThrow(/secret/);
});
