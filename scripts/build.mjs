// Compiles to dist/ and copies what the compiler does not: .proto files (reflection), SQL migrations, kernels.
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { root, run, tool } from './run.mjs';

const isAsset = (path) => !/\.(ts|prisma)$/.test(path) && !path.includes(join('proto', 'gen'));
await cp(join(root, 'proto'), join(root, 'dist/proto'), { recursive: true, filter: isAsset });
// Emptied first: a migration that was renamed must not be applied twice.
await rm(join(root, 'dist/prisma/migrations'), { recursive: true, force: true });
await cp(join(root, 'prisma/migrations'), join(root, 'dist/prisma/migrations'), { recursive: true });
await cp(join(root, 'prisma/schema.prisma'), join(root, 'dist/prisma/schema.prisma'));
await cp(join(root, 'worker/tf/wasm-module/gen'), join(root, 'dist/worker/tf/wasm-module/gen'), { recursive: true });
await run(tool('tsc'), ['-p', 'tsconfig.build.json']);
