import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';

/** How to log in to a server of ours. */
export interface PostgresLogin {
  readonly port: number;
  readonly password: string;
}

/** The superuser that initdb makes. */
export const postgresUser = 'abkd';

export function connectionStringTo(login: PostgresLogin, database: string): string {
  return `postgresql://${postgresUser}:${login.password}@127.0.0.1:${login.port}/${encodeURIComponent(database)}`;
}

/** The password of the server in `home`; drawn at random and stored for our user alone where there is none yet. */
export async function readPassword(home: string): Promise<string> {
  const path = join(home, 'postgres-password');
  const fresh = randomBytes(24).toString('base64url');
  await writeFile(path, `${fresh}\n`, { mode: 0o600, flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  return (await readFile(path, 'utf8')).trim();
}

/** True where our password logs in and the server has this data folder and start time: no other server can answer so. */
export async function isServing(login: PostgresLogin, dataFolder: string, startedAt: number): Promise<boolean> {
  const client = new pg.Client({
    connectionString: connectionStringTo(login, 'postgres'),
    connectionTimeoutMillis: 5_000,
    query_timeout: 5_000,
  });
  // A server that shuts down between two answers breaks the connection; the query fails as well and says so.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ folder: string; started: number }>(
      `SELECT current_setting('data_directory') AS folder,
              extract(epoch FROM pg_postmaster_start_time())::float8 AS started`,
    );
    const server = rows[0];
    // The file holds whole seconds, taken a moment apart from the server's own start time.
    return server?.folder === dataFolder && Math.abs(server.started - startedAt) < 2;
  } catch (error) {
    if (error instanceof Error) return false;
    throw error;
  } finally {
    await client.end();
  }
}
