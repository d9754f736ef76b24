import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PrismaClient } from '../../prisma/gen/client.ts';
import { toStoreError } from './errors.ts';

/** Runs one statement with its parameters; the caller names the shape of the rows, the statement guarantees it. */
export type Query = <Row extends pg.QueryResultRow>(
  text: string,
  values?: readonly unknown[],
) => Promise<readonly Row[]>;

/** One pool of connections, used by Prisma for ordinary reading and directly where a statement must be exact. */
export interface Database {
  readonly prisma: PrismaClient;
  readonly query: Query;
  /** READ COMMITTED; each statement sees what was committed before it began, also while it waited for a lock. */
  transaction<Result>(run: (query: Query) => Promise<Result>): Promise<Result>;
  /** Turns what the database or the connection throws into an AbkdError that says what could not be done. */
  during<Result>(action: string, run: () => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

export interface StoreOptions {
  /** Secret. */
  readonly connectionString: string;
  /** Connections of this process. @default 10 */
  readonly poolSize?: number;
}

/** No statement of the store takes longer than a fraction of this; whatever does has met a dead connection. */
const statementTimeoutMs = 60_000;

/** Opens no connection yet: the first statement does. */
export function openDatabase({ connectionString, poolSize = 10 }: StoreOptions): Database {
  const pool = new pg.Pool({
    connectionString,
    max: poolSize,
    application_name: 'abkd',
    connectionTimeoutMillis: 10_000,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + 5_000,
    idle_in_transaction_session_timeout: statementTimeoutMs,
    keepAlive: true,
  });
  // The pool has already thrown the broken connection away; the next statement opens another one or says why not.
  pool.on('error', ignoreBrokenConnection);
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) });
  let closed: Promise<void> | undefined;
  return {
    prisma,
    query: queryOf(pool),
    transaction: (run) => inTransaction(pool, run),
    during: async (action, run) => {
      try {
        return await run();
      } catch (error) {
        throw toStoreError(action, error);
      }
    },
    close: () => {
      closed ??= prisma.$disconnect().then(() => pool.end());
      return closed;
    },
  };
}

function queryOf(connection: pg.Pool | pg.PoolClient): Query {
  return async <Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []) =>
    (await connection.query<Row>(text, [...values])).rows;
}

async function inTransaction<Result>(pool: pg.Pool, run: (query: Query) => Promise<Result>): Promise<Result> {
  const client = await pool.connect();
  client.on('error', ignoreBrokenConnection);
  let broken = false;
  try {
    await client.query('BEGIN');
    const result = await run(queryOf(client));
    await client.query('COMMIT');
    return result;
  } catch (error) {
    broken = await client.query('ROLLBACK').then(
      () => false,
      () => true,
    );
    throw error;
  } finally {
    client.off('error', ignoreBrokenConnection);
    client.release(broken);
  }
}

/** The statement under way fails as well, and says so. */
function ignoreBrokenConnection(): void {}
