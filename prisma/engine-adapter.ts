import { PrismaPg } from '@prisma/adapter-pg';
import {
  ColumnTypeEnum,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
  type SqlResultSet,
} from '@prisma/driver-adapter-utils';
import type pg from 'pg';

/**
 * Prisma's pg adapter with the two things that the schema engine needs of it and it lacks:
 *
 *  - columns of the catalogue type "char" (pg_constraint.contype), which it refuses as unsupported, so that no database
 *    can be described;
 *  - a migration as one script in one implicit transaction. It would cut the text at every semicolon, also inside
 *    strings and functions, and leave half a migration behind an error.
 */
export function createEngineAdapter(pool: pg.Pool): SqlMigrationAwareDriverAdapterFactory {
  const charColumns = rememberCharColumns(pool);
  const factory = new PrismaPg(pool);
  return {
    provider: factory.provider,
    adapterName: factory.adapterName,
    connect: async () => complete(await factory.connect(), pool, charColumns),
    connectToShadowDb: () => factory.connectToShadowDb(),
  };
}

/** Object id of the type "char", a single byte; not to be confused with char(n). */
const charOid = 18;
const textOid = 25;

/** Columns of type "char" by the rows of their result. */
type CharColumns = WeakMap<object, readonly number[]>;

/** Passes "char" columns off as text, which the adapter reads, and remembers which they were. */
function rememberCharColumns(pool: pg.Pool): CharColumns {
  const columns: CharColumns = new WeakMap();
  const query = pool.query.bind(pool);
  Object.assign(pool, {
    query: async (config: pg.QueryArrayConfig | string) => {
      const result = typeof config === 'string' ? await query(config) : await query(config);
      const fields = result.fields ?? [];
      const indices = fields.flatMap((field, index) => (field.dataTypeID === charOid ? [index] : []));
      for (const index of indices) fields[index]!.dataTypeID = textOid;
      if (indices.length > 0) columns.set(result.rows, indices);
      return result;
    },
  });
  return columns;
}

function complete(adapter: SqlDriverAdapter, pool: pg.Pool, charColumns: CharColumns): SqlDriverAdapter {
  return {
    provider: adapter.provider,
    adapterName: adapter.adapterName,
    queryRaw: async (query) => restoreTypes(await adapter.queryRaw(query), charColumns),
    executeRaw: (query) => adapter.executeRaw(query),
    executeScript: async (script) => {
      await pool.query(script);
    },
    startTransaction: (isolationLevel) => adapter.startTransaction(isolationLevel),
    getConnectionInfo: () => adapter.getConnectionInfo?.() ?? { supportsRelationJoins: true },
    dispose: () => adapter.dispose(),
  };
}

function restoreTypes(result: SqlResultSet, charColumns: CharColumns): SqlResultSet {
  const indices = charColumns.get(result.rows) ?? [];
  const columnTypes = result.columnTypes.map((type, index) =>
    indices.includes(index) ? ColumnTypeEnum.Character : type,
  );
  return { ...result, columnTypes };
}
