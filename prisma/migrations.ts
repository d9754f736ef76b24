import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MigrationList, SchemaContainer } from '@prisma/schema-engine-wasm/schema_engine_bg';

/** Folder of this file, in the source tree or in dist/, where the build copies schema and migrations. */
export const prismaFolder = fileURLToPath(new URL('.', import.meta.url));

/** The schema file of a Prisma folder. */
export async function readSchema(folder: string = prismaFolder): Promise<SchemaContainer> {
  const path = join(folder, 'schema.prisma');
  return { path, content: await readFile(path, 'utf8') };
}

/** Migrations of a Prisma folder in the order of their names, which is the order of their dates. */
export async function readMigrations(folder: string = prismaFolder): Promise<MigrationList> {
  const baseDir = join(folder, 'migrations');
  const entries = await readdir(baseDir, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const directories = names.sort().map(async (path) => {
    const value = await readFile(join(baseDir, path, 'migration.sql'), 'utf8');
    return { path, migrationFile: { path: 'migration.sql', content: { tag: 'ok' as const, value } } };
  });
  return {
    baseDir,
    // The lock file only guards against a change of database vendor.
    lockfile: { path: 'migration_lock.toml', content: null },
    shadowDbInitScript: '',
    migrationDirectories: await Promise.all(directories),
  };
}
