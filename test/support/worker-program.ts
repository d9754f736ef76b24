import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Program, Programs } from './processes.ts';

export interface WorkerPrograms {
  /** Starts `abkd worker` on the cpu backend with a home of the test; all started here share it, as on one host. */
  start(coordinator: string, env?: Readonly<Record<string, string>>): Program;
  remove(): Promise<void>;
}

export async function createWorkerPrograms(programs: Programs): Promise<WorkerPrograms> {
  const folder = await mkdtemp(join(tmpdir(), 'abkd-worker-'));
  return {
    start: (coordinator, env = {}) =>
      programs.start('cli/main.js', ['worker', '--coordinator', coordinator], {
        ABKD_HOME: join(folder, 'home'),
        ABKD_DATA_DIR: join(folder, 'data'),
        ABKD_BACKEND: 'cpu',
        ABKD_LOG_LEVEL: 'info',
        ABKD_STOP_GRACE_SECONDS: '1',
        ...env,
      }),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
