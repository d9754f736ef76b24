import pg from 'pg';
import { AbkdError, messageOf } from '../core/errors.ts';
import { createDatabase, databaseNameOf, isMissingDatabase } from './database.ts';
import { prismaFolder, readMigrations, readSchema } from './migrations.ts';
import { withSchemaEngine } from './schema-engine.ts';

/** 'abkd' as bytes. Held while migrating, so that of two processes one migrates and the other finds nothing to do. */
const migrationLock = 0x61626b64;

/** Nothing in the database is managed by others. */
export const everything = { externalTables: [], externalEnums: [] };

/**
 * Applies the migrations that a database lacks, creating the database where it does not exist, and records them in
 * `_prisma_migrations` exactly as `prisma migrate deploy` does. Safe to run from many processes at once.
 * @param folder holds schema.prisma and migrations/; by default the one that came with this program
 * @returns the names of the migrations that were applied, none where the database was up to date
 * @throws {AbkdError} UNAVAILABLE when the server cannot be reached; INTERNAL when a migration fails
 */
export async function migrate(connectionString: string, folder: string = prismaFolder): Promise<readonly string[]> {
  const guard = await connectGuard(connectionString);
  try {
    await guard.query('SELECT pg_advisory_lock($1)', [migrationLock]);
    return await applyMigrations(connectionString, folder);
  } catch (error) {
    throw new AbkdError(
      'INTERNAL',
      `Cannot migrate database "${databaseNameOf(connectionString)}": ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  } finally {
    // Ending the session releases the lock.
    await guard.end();
  }
}

async function applyMigrations(connectionString: string, folder: string): Promise<readonly string[]> {
  const migrationsList = await readMigrations(folder);
  return withSchemaEngine(connectionString, await readSchema(folder), async (engine) => {
    const { appliedMigrationNames } = await engine.applyMigrations({ migrationsList, filters: everything });
    return appliedMigrationNames;
  });
}

async function connectGuard(connectionString: string): Promise<pg.Client> {
  try {
    return await connect(connectionString);
  } catch (error) {
    if (!isMissingDatabase(error)) throw unreachable(connectionString, error);
    await createDatabase(connectionString);
    return connect(connectionString);
  }
}

async function connect(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 10_000 });
  await client.connect();
  return client;
}

function unreachable(connectionString: string, cause: unknown): AbkdError {
  const { hostname, port } = new URL(connectionString);
  // Where a name has several addresses the error is one of many and says nothing itself.
  const reason = messageOf(cause) || String((cause as NodeJS.ErrnoException).code);
  return new AbkdError('UNAVAILABLE', `Cannot connect to Postgres at ${hostname}:${port || '5432'}: ${reason}`, {
    cause,
  });
}
