import { HealthImplementation } from 'grpc-health-check';
import { addReflection } from '../../platform/grpc/reflection.ts';
import { createGrpcServer, listenGrpc, stopGrpc } from '../../platform/grpc/server.ts';
import { SweepServiceService } from '../../proto/gen/abkd/v1/sweep.ts';
import {
  ArtifactServiceService,
  CheckpointServiceService,
  WorkerServiceService,
} from '../../proto/gen/abkd/v1/worker.ts';
import type { ArtifactService } from '../service/artifacts.ts';
import type { CheckpointService } from '../service/checkpoints.ts';
import { createArtifactHandlers } from './artifact-service.ts';
import { createCheckpointHandlers } from './checkpoint-service.ts';
import { createSweepHandlers, type SweepHandlerOptions } from './sweep-service.ts';
import { createWorkerHandlers, type WorkerHandlerOptions } from './worker-service.ts';

export interface GrpcServer {
  /** The port that was bound. */
  readonly port: number;
  /** What grpc.health.v1 answers. */
  setServing(serving: boolean): void;
  /** Ends the streams of workers, then everything else. */
  stop(): Promise<void>;
}

export type GrpcServerOptions = WorkerHandlerOptions &
  SweepHandlerOptions & {
    readonly artifacts: ArtifactService;
    readonly checkpoints: CheckpointService;
    readonly host: string;
    readonly port: number;
  };

/** Names under which the health service answers; the empty one is the server as a whole. */
const healthNames = ['', ...['Worker', 'Sweep', 'Artifact', 'Checkpoint'].map((name) => `abkd.v1.${name}Service`)];
/** Time that running calls have to end by themselves, milliseconds. */
const graceMs = 2_000;

/** Serves workers (WorkerService, ArtifactService, CheckpointService) and programs (SweepService), health and reflection. */
export async function startGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const server = createGrpcServer();
  const health = new HealthImplementation(Object.fromEntries(healthNames.map((name) => [name, 'NOT_SERVING'])));
  server.addService(WorkerServiceService, createWorkerHandlers(options));
  server.addService(ArtifactServiceService, createArtifactHandlers(options.artifacts, options.leaseMs, options.log));
  server.addService(CheckpointServiceService, createCheckpointHandlers(options.checkpoints, options.log));
  server.addService(SweepServiceService, createSweepHandlers(options));
  health.addToServer(server);
  addReflection(server);
  const port = await listenGrpc(server, { ...options, setting: 'ABKD_GRPC_PORT' });
  const setServing = (serving: boolean) => {
    for (const name of healthNames) health.setStatus(name, serving ? 'SERVING' : 'NOT_SERVING');
  };
  return {
    port,
    setServing,
    stop: async () => {
      setServing(false);
      await options.sessions.close();
      await stopGrpc(server, graceMs);
    },
  };
}
