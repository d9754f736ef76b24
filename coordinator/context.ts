import { randomInt } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { createRandom } from '../core/random.ts';
import { openLocalArtifacts } from '../platform/artifacts/local.ts';
import type { ArtifactFiles } from '../platform/artifacts/store.ts';
import { systemClock } from '../platform/clock.ts';
import type { Lifecycle } from '../platform/lifecycle.ts';
import { createLogger, type Logger } from '../platform/logger.ts';
import { migrate } from '../prisma/migrate.ts';
import { type Bus, type BusChannel, createBus } from './bus/bus.ts';
import { openNatsChannel } from './bus/nats-bus.ts';
import { type Listen, openPostgresChannel } from './bus/postgres-bus.ts';
import type { CoordinatorConfig } from './config.ts';
import { createEvents, type Events } from './events.ts';
import { listenForWork } from './store/listen.ts';
import { openStore } from './store/prisma-store.ts';
import type { Store } from './store/store.ts';

/** Everything outside of the process that a coordinator uses. */
export interface CoordinatorContext {
  /** How this coordinator calls itself to workers. */
  readonly name: string;
  readonly store: Store;
  readonly bus: Bus;
  readonly artifacts: ArtifactFiles;
  /** Apart from the artifacts, because files here are replaced and removed. */
  readonly checkpoints: ArtifactFiles;
  readonly events: Events;
  readonly clock: Clock;
  /** In [0, 1), for spreading polls. */
  readonly random: () => number;
  readonly log: Logger;
}

/** The parts that a caller may bring along. */
export interface CoordinatorOverrides {
  readonly logger?: Logger;
  readonly clock?: Clock;
}

/**
 * The only place that builds adapters. What it opens is closed with `lifecycle`.
 * @throws {AbkdError} UNAVAILABLE where the database cannot be reached
 */
export async function openContext(
  config: CoordinatorConfig,
  overrides: CoordinatorOverrides,
  lifecycle: Lifecycle,
  log: Logger,
): Promise<CoordinatorContext> {
  const migrations = await migrate(config.databaseUrl);
  if (migrations.length > 0) log.info({ migrations }, 'database migrated');
  const store = await openStore({ connectionString: config.databaseUrl });
  lifecycle.add('store', store.close);
  await store.ping();
  const bus = createBus((deliver) => openChannels(config, deliver, log));
  lifecycle.add('bus', bus.close);
  return {
    name: `${hostname()}#${process.pid}`,
    store,
    bus,
    artifacts: await openLocalArtifacts(config.artifactsDir),
    checkpoints: await openLocalArtifacts(join(config.artifactsDir, 'checkpoints')),
    events: createEvents(log),
    clock: overrides.clock ?? systemClock,
    random: createRandom(randomInt(2 ** 32)).uniform,
    log,
  };
}

export function createCoordinatorLogger(config: CoordinatorConfig, { logger }: CoordinatorOverrides): Logger {
  return logger?.child({ component: 'coordinator' }) ?? createLogger('coordinator', { level: config.logLevel });
}

function openChannels(config: CoordinatorConfig, deliver: () => void, log: Logger): readonly BusChannel[] {
  const listen: Listen = (onWake, signal, onTrouble) => listenForWork(config.databaseUrl, onWake, signal, onTrouble);
  const postgres = openPostgresChannel(listen, deliver, log);
  return config.natsUrl === null ? [postgres] : [postgres, openNatsChannel(config.natsUrl, deliver, log)];
}
