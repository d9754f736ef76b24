import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { readEnv } from '../../platform/env.ts';
import { type CoordinatorConfig, readCoordinatorConfig } from '../config.ts';

/** What a caller (the command line) may set; what is left out comes from the environment. */
export interface UpOptions {
  /** Local workers; 0 = none. */
  readonly workers?: number | undefined;
  readonly home?: string | undefined;
  /** 0 = any free port. */
  readonly httpPort?: number | undefined;
  readonly grpcPort?: number | undefined;
  readonly dataDir?: string | undefined;
  /** Use the home's own PostgreSQL even where DATABASE_URL names another. */
  readonly ownDatabase?: boolean | undefined;
  /** Program and arguments that start a worker agent; its settings go into its environment. */
  readonly workerCommand: readonly string[];
}

/** Settings of `abkd up`, checked and complete. */
export interface UpConfig {
  /** Folder of everything that outlives the process, absolute. */
  readonly home: string;
  readonly workers: number;
  readonly workerCommand: readonly string[];
  /** Environment of the workers, without the coordinator's address. */
  readonly workerEnv: Readonly<Record<string, string>>;
  /** Secret. The database to use; null = the embedded PostgreSQL of the home. */
  readonly databaseUrl: string | null;
  readonly httpPort: number;
  readonly grpcPort: number;
  readonly logLevel: string;
  /** The coordinator's settings once database and ports are known. */
  coordinator(choice: {
    readonly databaseUrl: string;
    readonly httpPort: number;
    readonly grpcPort: number;
  }): CoordinatorConfig;
}

/** A local worker leaves by itself after so long without a coordinator, seconds. */
const workerGiveUpSeconds = 600;

const settingsSchema = z.object({
  ABKD_HOME: z.string().default('./.abkd'),
  ABKD_DATA_DIR: z.string().default('./data'),
  ABKD_ARTIFACTS: z.string().optional(),
  DATABASE_URL: z.string().optional(),
});

/** Secrets of the coordinator that no worker needs. */
const withheldFromWorkers: ReadonlySet<string> = new Set(['DATABASE_URL', 'NATS_URL']);

/**
 * @default workers: two, or half of the cores where that is more, but never more than there are cores: the wasm
 *   backend trains on one core per worker
 * @throws {AbkdError} BAD_CONFIG
 */
export function readUpConfig(options: UpOptions, env = process.env): UpConfig {
  const settings = readEnv(settingsSchema, env, ['DATABASE_URL']);
  const home = resolve(options.home ?? settings.ABKD_HOME);
  const coordinator: UpConfig['coordinator'] = ({ databaseUrl, httpPort, grpcPort }) =>
    readCoordinatorConfig({
      ...env,
      ABKD_ARTIFACTS: settings.ABKD_ARTIFACTS ?? join(home, 'artifacts'),
      DATABASE_URL: databaseUrl,
      ABKD_HTTP_PORT: String(httpPort),
      ABKD_GRPC_PORT: String(grpcPort),
    });
  // Read once with a stand-in database, so that a wrong setting is told before anything is started.
  const first = readCoordinatorConfig({
    ...env,
    DATABASE_URL: settings.DATABASE_URL ?? 'postgresql://embedded',
    ...(options.httpPort === undefined ? {} : { ABKD_HTTP_PORT: String(options.httpPort) }),
    ...(options.grpcPort === undefined ? {} : { ABKD_GRPC_PORT: String(options.grpcPort) }),
  });
  return Object.freeze({
    home,
    workers: options.workers ?? defaultWorkers(availableParallelism()),
    workerCommand: options.workerCommand,
    workerEnv: workerEnvironment(env, { home, dataDir: resolve(options.dataDir ?? settings.ABKD_DATA_DIR) }),
    databaseUrl: options.ownDatabase ? null : (settings.DATABASE_URL ?? null),
    httpPort: first.httpPort,
    grpcPort: first.grpcPort,
    logLevel: first.logLevel,
    coordinator,
  });
}

export function defaultWorkers(cores: number): number {
  return Math.min(cores, Math.max(2, Math.floor(cores / 2)));
}

function workerEnvironment(
  env: NodeJS.ProcessEnv,
  folders: { readonly home: string; readonly dataDir: string },
): Readonly<Record<string, string>> {
  const inherited = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !withheldFromWorkers.has(entry[0]),
  );
  return {
    ABKD_GIVE_UP_SECONDS: String(workerGiveUpSeconds),
    ...Object.fromEntries(inherited),
    ABKD_HOME: folders.home,
    ABKD_DATA_DIR: folders.dataDir,
  };
}
