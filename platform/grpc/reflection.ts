import { fileURLToPath } from 'node:url';
import type { Server } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { protoPath as healthProtoPath } from 'grpc-health-check';

/** The `.proto` files beside this program: in the source tree, and copied to dist/ by the build. */
const protoRoot = fileURLToPath(new URL('../../proto', import.meta.url));

/** Lets tools such as grpcurl list and describe the services of this package and the health service. */
export function addReflection(server: Server): void {
  const files = ['abkd/v1/worker.proto', 'abkd/v1/sweep.proto', healthProtoPath];
  new ReflectionService(loadSync(files, { includeDirs: [protoRoot] })).addToServer(server);
}
