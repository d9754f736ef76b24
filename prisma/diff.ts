import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startPostgres } from '../coordinator/embedded/postgres.ts';
import { AbkdError } from '../core/errors.ts';
import { systemClock } from '../platform/clock.ts';
import { createLogger } from '../platform/logger.ts';
import { compareMigrationsWith } from './compare.ts';
import { readSchema } from './migrations.ts';

// `npm run db:diff -- NAME`: writes the next migration from what prisma/schema.prisma says and the migrations do not do
// yet. A Postgres is started for it and thrown away. Run from dist/, it reads and writes the source tree.

const sources = fileURLToPath(new URL('../../prisma/', import.meta.url));
const name = process.argv[2] ?? '';
if (!/^[a-z][a-z0-9_]*$/.test(name)) {
  throw new AbkdError('BAD_CONFIG', `Cannot write migration "${name}": expected a name like add_worker_labels`);
}
const home = await mkdtemp(join(tmpdir(), 'abkd-diff-'));
const postgres = await startPostgres({
  home,
  logger: createLogger('db-diff', { level: 'warn' }),
  settings: { fsync: 'off' },
});
try {
  const sql = await compareMigrationsWith(await readSchema(sources), postgres.connectionString('postgres'), sources);
  if (sql === '') process.stdout.write('The migrations already do what the schema says\n');
  else process.stdout.write(`Wrote ${await writeMigration(sql)}\n`);
} finally {
  await postgres.stop();
  await rm(home, { recursive: true, force: true });
}

async function writeMigration(sql: string): Promise<string> {
  const stamp = new Date(systemClock.now()).toISOString().replace(/\D/g, '').slice(0, 14);
  const folder = join(sources, 'migrations', `${stamp}_${name}`);
  await mkdir(folder);
  const path = join(folder, 'migration.sql');
  await writeFile(path, sql);
  return path;
}
