/**
 * Everything on one machine: PostgreSQL, a coordinator in this process, local workers as children.
 *
 * Start: lock the home, PostgreSQL, coordinator (which migrates), workers. Stop: the same backwards, PostgreSQL last.
 * PostgreSQL and the workers have process groups of their own and outlive a killed `abkd up`; the next one on the
 * same home finds them by id and start time, adopts what fits, and stops the rest.
 */
import { createDeferred, createKeyedMutex, sleep } from '../../platform/async.ts';
import { createLogger, type Logger } from '../../platform/logger.ts';
import { packageVersion } from '../../platform/version.ts';
import { type RunningCoordinator, startCoordinator } from '../coordinator.ts';
import type { UpConfig } from './config.ts';
import { startLocalWorkers } from './local-workers.ts';
import { openLogFolder } from './logs.ts';
import { adoptOrphans, findOrphans, workerFitKey } from './orphans.ts';
import { startPostgres } from './postgres.ts';
import { claimHome, identifyProcess, isRunning, readState, removeState, type UpState, writeState } from './state.ts';

export interface RunningUp {
  readonly httpUrl: string;
  readonly grpcAddress: string;
  /** Folder with one log file per part. */
  readonly logFolder: string;
  /** Resolves with the reason once it cannot go on (PostgreSQL is gone); `stop` is still to be called. */
  readonly broken: Promise<string>;
  /** Stops workers, coordinator, PostgreSQL, in this order; what takes its time is ended at once when `hasten` aborts. */
  stop(hasten: AbortSignal): Promise<void>;
}

/** Says something to the user while it runs. */
export type Note = (text: string) => void;

type Close = (hasten: AbortSignal) => Promise<void>;

const databaseName = 'abkd';
const checkEveryMs = 1_000;
const trimEveryMs = 60_000;

/**
 * Starts everything; resolves when the coordinator is ready. Workers attach soon after.
 * What was started is stopped again where something fails.
 * @throws {AbkdError} CONFLICT where another one runs on the home or a port is taken; what Postgres, the migrations and
 *   the coordinator throw
 */
export async function startUp(config: UpConfig, note: Note): Promise<RunningUp> {
  const lock = await claimHome(config.home);
  const closes: Close[] = [() => lock.release()];
  try {
    const parts = await startParts(config, note, closes);
    return { ...parts, stop: (hasten) => closeAll(closes, hasten) };
  } catch (error) {
    await closeAll(closes, AbortSignal.abort());
    throw error;
  }
}

/** Closes what was opened last first; a part that fails does not keep the others open. */
async function closeAll(closes: Close[], hasten: AbortSignal): Promise<void> {
  const failures: unknown[] = [];
  for (let close = closes.pop(); close !== undefined; close = closes.pop()) {
    await close(hasten).catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw failures[0];
}

async function startParts(config: UpConfig, note: Note, closes: Close[]): Promise<Omit<RunningUp, 'stop'>> {
  const before = await readState(config.home);
  const orphans = await findOrphans(before);
  const logs = await openLogFolder(config.home);
  const logger = createLogger('up', { level: config.logLevel, to: logs.writerOf('coordinator') });
  const timers = [setInterval(() => void logs.trim(), trimEveryMs)];
  closes.push(async () => timers.forEach(clearInterval));

  const database = await openDatabase(config, logger);
  closes.push(database.stop);
  const coordinator = await startOnPorts(config, database.url, before, logger);
  closes.push(() => coordinator.stop());

  const { httpUrl, grpcAddress } = coordinator;
  const { workerCommand: command, workerEnv: env } = config;
  const names = Array.from({ length: config.workers }, (_, index) => `local-${index + 1}`);
  const fitKey = workerFitKey({ grpcAddress, command, env });
  const adopted = await adoptOrphans(orphans, { names, fitKey, note });
  const save = await openState(config.home, { httpUrl, grpcAddress, workers: adopted });
  closes.push(() => removeState(config.home));
  const workers = startLocalWorkers({
    ...{ names, command, fitKey, adopted, logs, note },
    env: { ...env, ABKD_COORDINATOR: grpcAddress },
    onChange: save,
  });
  closes.push(workers.stop);
  return { httpUrl, grpcAddress, logFolder: logs.path, broken: database.gone };
}

/** Writes the state file; the result replaces the workers in it, one change after another. */
async function openState(
  home: string,
  state: Pick<UpState, 'httpUrl' | 'grpcAddress' | 'workers'>,
): Promise<(workers: UpState['workers']) => Promise<void>> {
  const owner = await identifyProcess(process.pid);
  const inTurn = createKeyedMutex();
  const save = (workers: UpState['workers']) =>
    inTurn('state', () => writeState(home, { ...state, owner, version: packageVersion, workers }));
  await save(state.workers);
  return save;
}

interface OpenDatabase {
  readonly url: string;
  /** Resolves with a sentence when the server is gone. */
  readonly gone: Promise<string>;
  readonly stop: Close;
}

/** The database that DATABASE_URL names, else the embedded PostgreSQL of the home, started or adopted. */
async function openDatabase({ databaseUrl, home }: UpConfig, logger: Logger): Promise<OpenDatabase> {
  const gone = createDeferred<string>();
  if (databaseUrl !== null) return { url: databaseUrl, gone: gone.promise, stop: async () => undefined };
  const postgres = await startPostgres({ home, logger });
  const known = await identifyProcess(postgres.pid);
  const watching = new AbortController();
  const watch = async () => {
    while (await sleep(checkEveryMs, watching.signal)) {
      if (!(await isRunning(known))) return gone.resolve(`PostgreSQL (process ${known.pid}) has ended`);
    }
  };
  void watch();
  const stop = async () => {
    watching.abort();
    await postgres.stop();
  };
  return { url: postgres.connectionString(databaseName), gone: gone.promise, stop };
}

/**
 * After a crash, ports that the settings leave open are those of before, so that workers and watchers find the
 * coordinator again; where somebody took them meanwhile, any free ones.
 */
async function startOnPorts(
  config: UpConfig,
  databaseUrl: string,
  before: UpState | null,
  logger: Logger,
): Promise<RunningCoordinator> {
  const start = (httpPort: number, grpcPort: number) =>
    startCoordinator(config.coordinator({ databaseUrl, httpPort, grpcPort }), { logger });
  const httpPort = config.httpPort || portOf(before?.httpUrl);
  const grpcPort = config.grpcPort || portOf(before === null ? undefined : `grpc://${before.grpcAddress}`);
  try {
    return await start(httpPort, grpcPort);
  } catch (error) {
    if (httpPort === config.httpPort && grpcPort === config.grpcPort) throw error;
    logger.warn({ err: error, httpPort, grpcPort }, 'ports of before are not free');
    return start(config.httpPort, config.grpcPort);
  }
}

function portOf(url: string | undefined): number {
  return url === undefined ? 0 : Number(new URL(url).port);
}
