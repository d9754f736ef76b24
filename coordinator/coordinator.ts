import { createBell } from '../platform/bell.ts';
import { createLifecycle, type Lifecycle } from '../platform/lifecycle.ts';
import type { CoordinatorConfig } from './config.ts';
import { type CoordinatorContext, type CoordinatorOverrides, createCoordinatorLogger, openContext } from './context.ts';
import { runCancelWatch } from './engine/cancel-watch.ts';
import { runCheckpointSweeper } from './engine/checkpoint-sweeper.ts';
import { runLeaseReaper } from './engine/lease-reaper.ts';
import { createSearchPool } from './engine/search-pool.ts';
import { runSettleLoop } from './engine/settle-loop.ts';
import { runStopLoop } from './engine/stop-loop.ts';
import { runSuggestLoop } from './engine/suggest-loop.ts';
import { createSurfacePool } from './engine/surface-pool.ts';
import { startGrpcServer } from './grpc/server.ts';
import { createSessionRegistry, type SessionRegistry } from './grpc/session-registry.ts';
import { startHttpServer } from './http/server.ts';
import { createArtifactService } from './service/artifacts.ts';
import { createCheckpointService } from './service/checkpoints.ts';
import { createHealthService } from './service/health.ts';
import { createLeaseService } from './service/leases.ts';
import { createPointService } from './service/points.ts';
import { createSearchService } from './service/searches.ts';
import { createStoppingService } from './service/stopping.ts';
import { createSummaryService } from './service/summary.ts';
import { createSurfaceService } from './service/surfaces.ts';
import { createSweepService } from './service/sweeps.ts';
import { createTrialService } from './service/trials.ts';
import { createWorkerService } from './service/workers.ts';

export interface RunningCoordinator {
  /** `http://HOST:PORT`. */
  readonly httpUrl: string;
  /** `HOST:PORT`, for workers and programs. */
  readonly grpcAddress: string;
  /** Sends workers away to reconnect elsewhere, then closes everything. Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * Starts a coordinator: database migrated, both ports bound, ready to serve when it resolves. What was opened is
 * closed again where something fails.
 * @throws {AbkdError} UNAVAILABLE without a database; CONFLICT where a port is taken; BAD_CONFIG
 */
export async function startCoordinator(
  config: CoordinatorConfig,
  overrides: CoordinatorOverrides = {},
): Promise<RunningCoordinator> {
  const log = createCoordinatorLogger(config, overrides);
  const lifecycle = createLifecycle(log);
  try {
    const context = await openContext(config, overrides, lifecycle, log);
    return { ...(await startServers(config, context, lifecycle)), stop: lifecycle.close };
  } catch (error) {
    await lifecycle.close();
    throw error;
  }
}

type Services = ReturnType<typeof createServices>;

function createServices(config: CoordinatorConfig, context: CoordinatorContext) {
  const { store, bus, events, clock } = context;
  const { leaseMs } = config;
  const [finished, results, reached] = [createBell(), createBell(), createBell()];
  const ended = {
    ring: () => {
      for (const bell of [finished, results, reached]) bell.ring();
    },
  };
  const pool = createSearchPool();
  const surfacePool = createSurfacePool();
  const surfaces = createSurfaceService({ store, pool: surfacePool, clock });
  return {
    finished,
    results,
    reached,
    pool,
    surfacePool,
    surfaces,
    searches: createSearchService({ store, pool, bus, events, finished: ended }),
    stopping: createStoppingService({ store, bus, events, finished: ended }),
    leases: createLeaseService({ store, bus, events, leaseMs, finished: ended }),
    workers: createWorkerService({ store, events, attached: results }),
    sweeps: createSweepService({ store, bus, events, clock }),
    trials: createTrialService(store),
    points: createPointService(store),
    summary: createSummaryService({ store, surfaces, clock }),
    health: createHealthService(store, bus),
    artifacts: createArtifactService({ store, files: context.artifacts, events, leaseMs }),
    checkpoints: createCheckpointService({ store, files: context.checkpoints, events }),
  };
}

/** Loops first and servers last, so that on the way down nothing is served that nobody works on any more. */
async function startServers(
  config: CoordinatorConfig,
  context: CoordinatorContext,
  lifecycle: Lifecycle,
): Promise<Omit<RunningCoordinator, 'stop'>> {
  const services = createServices(config, context);
  const sessions = createSessionRegistry();
  const stopping = new AbortController();
  const loops = runLoops(config, context, services, sessions, stopping.signal);
  lifecycle.add('loops', async () => {
    stopping.abort();
    await Promise.all([services.pool.close(), services.surfacePool.close()]);
    await loops;
  });
  const shared = { ...context, ...services, ...config, sessions, stopping: stopping.signal };
  const grpc = await startGrpcServer({ ...shared, port: config.grpcPort });
  lifecycle.add('grpc', grpc.stop);
  const http = await startHttpServer({ ...shared, port: config.httpPort });
  lifecycle.add('http', http.stop);
  lifecycle.add('readiness', () => stopping.abort());
  grpc.setServing(true);
  const urlHost = config.host.includes(':') ? `[${config.host}]` : config.host;
  const address = { httpUrl: `http://${urlHost}:${http.port}`, grpcAddress: `${urlHost}:${grpc.port}` };
  context.log.info(address, 'coordinator ready');
  return address;
}

/** Everything that happens by itself. Settles after `signal` aborts. */
async function runLoops(
  config: CoordinatorConfig,
  { bus, log }: CoordinatorContext,
  { leases, sweeps, searches, stopping, checkpoints, finished, results, reached }: Services,
  sessions: SessionRegistry,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all([
    runLeaseReaper({ leases, leaseMs: config.leaseMs, signal, log }),
    runSettleLoop({ sweeps, finished, signal, log }),
    runSuggestLoop({ searches, results, bus, signal, log }),
    runStopLoop({ stopping, reached, signal, log }),
    runCheckpointSweeper({ checkpoints, everyMs: config.leaseMs, signal, log }),
    runCancelWatch({ sessions, sweeps, bus, renewMs: config.renewMs, signal, log }),
  ]);
}
