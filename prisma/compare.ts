import { randomUUID } from 'node:crypto';
import type { SchemaContainer } from '@prisma/schema-engine-wasm/schema_engine_bg';
import { createDatabase, dropDatabase, withDatabase } from './database.ts';
import { everything, migrate } from './migrate.ts';
import { withSchemaEngine } from './schema-engine.ts';

/**
 * SQL that turns what the migrations make into what the schema says; empty where they agree. The migrations run on a
 * scratch database of the server, so what counts is what they really do.
 */
export async function compareMigrationsWith(schema: SchemaContainer, server: string, folder?: string): Promise<string> {
  const scratch = withDatabase(server, `abkd_scratch_${randomUUID()}`);
  await createDatabase(scratch);
  try {
    await migrate(scratch, folder);
    return await diffDatabase(scratch, schema);
  } finally {
    await dropDatabase(scratch);
  }
}

function diffDatabase(connectionString: string, schema: SchemaContainer): Promise<string> {
  return withSchemaEngine(connectionString, schema, async (engine) => {
    const { exitCode, stdout } = await engine.diff({
      from: { tag: 'schemaDatasource', files: [schema], configDir: '' },
      to: { tag: 'schemaDatamodel', files: [schema] },
      script: true,
      exitCode: true,
      filters: everything,
    });
    return exitCode === 0 ? '' : (stdout ?? '');
  });
}
