import pg from 'pg';

/** Name of the database that a connection string leads to; `postgres` where it names none. */
export function databaseNameOf(connectionString: string): string {
  return decodeURIComponent(new URL(connectionString).pathname.slice(1)) || 'postgres';
}

/** The same server and user, another database. */
export function withDatabase(connectionString: string, database: string): string {
  const url = new URL(connectionString);
  url.pathname = `/${encodeURIComponent(database)}`;
  return url.href;
}

/** Creates the database of a connection string through the server's `postgres` database; no error where it exists. */
export async function createDatabase(connectionString: string, template?: string): Promise<void> {
  const name = pg.escapeIdentifier(databaseNameOf(connectionString));
  const from = template === undefined ? '' : ` TEMPLATE ${pg.escapeIdentifier(template)}`;
  await runOnServer(connectionString, `CREATE DATABASE ${name}${from}`).catch((error: unknown) => {
    if (!isDatabaseThere(error)) throw error;
  });
}

/** Drops the database of a connection string, ending the sessions that still use it. */
export async function dropDatabase(connectionString: string): Promise<void> {
  const name = pg.escapeIdentifier(databaseNameOf(connectionString));
  await runOnServer(connectionString, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
}

/** True for the error of connecting to a database that does not exist. */
export function isMissingDatabase(error: unknown): boolean {
  return codeOf(error) === '3D000';
}

/** duplicate_database, or the unique violation that two creators at the same moment get. */
function isDatabaseThere(error: unknown): boolean {
  return ['42P04', '23505'].includes(codeOf(error));
}

function codeOf(error: unknown): string {
  return error instanceof pg.DatabaseError ? (error.code ?? '') : '';
}

async function runOnServer(connectionString: string, statement: string): Promise<void> {
  const client = new pg.Client({
    connectionString: withDatabase(connectionString, 'postgres'),
    connectionTimeoutMillis: 10_000,
  });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
