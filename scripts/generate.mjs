// Writes proto/gen (gRPC types), prisma/gen (database client) and worker/tf/wasm-module/gen (kernels). Needs no network.
import { run, tool } from './run.mjs';

await run(tool('buf'), ['generate']);
// Prisma asks for a native schema engine before it generates; the TypeScript client needs none, any executable will do.
await run(tool('prisma'), ['generate', '--no-hints'], {
  env: { PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, PRISMA_HIDE_UPDATE_MESSAGE: '1', CHECKPOINT_DISABLE: '1' },
});
// No runtime and no data of its own: the memory is that of tfjs's module.
await run(tool('asc'), [
  'worker/tf/wasm-module/index.ts',
  ...['--outFile', 'worker/tf/wasm-module/gen/kernels.wasm'],
  ...['-O3', '--noAssert', '--runtime', 'stub', '--importMemory', '--enable', 'simd'],
  // v128 between functions of the module, never to JavaScript.
  ...['--disableWarning', '112'],
]);
