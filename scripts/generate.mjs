// Writes proto/gen (gRPC types) and prisma/gen (database client). Needs no network.
import { run, tool } from './run.mjs';

await run(tool('buf'), ['generate']);
// Prisma asks for a native schema engine before it generates; the TypeScript client needs none, any executable will do.
await run(tool('prisma'), ['generate', '--no-hints'], {
  env: { PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, PRISMA_HIDE_UPDATE_MESSAGE: '1', CHECKPOINT_DISABLE: '1' },
});
