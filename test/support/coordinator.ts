/** Coordinators inside the test process, on a database of the test and on free ports. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCoordinatorConfig } from '../../coordinator/config.ts';
import { type RunningCoordinator, startCoordinator } from '../../coordinator/coordinator.ts';
import { createLogger } from '../../platform/logger.ts';

export interface TestCoordinators {
  /** Starts another one on the same database and the same folder of artifacts. */
  start(env?: Readonly<Record<string, string>>): Promise<RunningCoordinator>;
  /** Lines that they logged so far, parsed. */
  readonly logged: readonly Readonly<Record<string, unknown>>[];
  stopAll(): Promise<void>;
}

export async function createTestCoordinators(databaseUrl: string): Promise<TestCoordinators> {
  const folder = await mkdtemp(join(tmpdir(), 'abkd-coordinator-'));
  const running: RunningCoordinator[] = [];
  const logged: Readonly<Record<string, unknown>>[] = [];
  const logger = createLogger('test', { to: { write: (line) => void logged.push(JSON.parse(line)) } });
  return {
    start: async (env = {}) => {
      const config = readCoordinatorConfig({
        DATABASE_URL: databaseUrl,
        ABKD_HTTP_PORT: '0',
        ABKD_GRPC_PORT: '0',
        ABKD_ARTIFACTS: join(folder, 'artifacts'),
        ...env,
      });
      const coordinator = await startCoordinator(config, { logger });
      running.push(coordinator);
      return coordinator;
    },
    logged,
    stopAll: async () => {
      await Promise.all(running.map((coordinator) => coordinator.stop()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
