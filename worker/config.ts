import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { AbkdError } from '../core/errors.ts';
import { readEnv } from '../platform/env.ts';

/** Settings of a worker agent, checked and complete. */
export interface WorkerConfig {
  /** Addresses of coordinators, tried in turn. */
  readonly coordinators: readonly string[];
  /** Name for people. */
  readonly name: string;
  /** Trials that run at once. */
  readonly slots: number;
  readonly labels: Readonly<Record<string, string>>;
  /** Folder with one folder per dataset. */
  readonly dataDir: string;
  /** Files that are built once per host; agents of one host share it. */
  readonly cacheDir: string;
  /** Bound of what the cache folder holds; null = a share of the disk. */
  readonly cacheBytes: number | null;
  readonly backend: string;
  readonly logLevel: string;
  /** The agent leaves after so long without a coordinator; null = never. */
  readonly giveUpMs: number | null;
  /** Time between two checkpoints of a trial; 0 = one after every epoch. */
  readonly checkpointMs: number;
  readonly limits: SlotLimits;
}

/** When a trial process is ended or replaced. */
export interface SlotLimits {
  /** A trial without a sign of life for so long fails as STALLED. */
  readonly stallMs: number;
  /** A trial that was told to stop and does not is killed after so long. */
  readonly stopGraceMs: number;
  /** Size of the JavaScript heap of a trial process (tensors live outside it), MiB. */
  readonly heapMb: number;
  /** A trial process that holds so much more than after its first trial is replaced, bytes. */
  readonly growthBytes: number;
}

/** What a caller (the command line) may set; the rest, and what is left out, comes from the environment. */
export interface WorkerOptions {
  /** HOST:PORT[,HOST:PORT]. */
  readonly coordinator?: string | undefined;
  readonly name?: string | undefined;
  readonly slots?: number | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly dataDir?: string | undefined;
}

const positiveSeconds = z.coerce.number().positive().max(1_000_000);

const settingsSchema = z.object({
  ABKD_COORDINATOR: z.string().default('127.0.0.1:50051'),
  ABKD_WORKER_NAME: z.string().max(200).optional(),
  ABKD_SLOTS: z.coerce.number().int().min(1).max(1024).default(1),
  ABKD_LABELS: z.string().default(''),
  ABKD_DATA_DIR: z.string().default('./data'),
  ABKD_HOME: z.string().default('./.abkd'),
  ABKD_CACHE_GB: z.coerce.number().positive().max(1_000_000).optional(),
  ABKD_BACKEND: z.enum(['auto', 'tfjs-node-gpu', 'tfjs-node', 'webgpu', 'wasm', 'cpu']).default('auto'),
  ABKD_LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  ABKD_GIVE_UP_SECONDS: positiveSeconds.optional(),
  ABKD_CHECKPOINT_SECONDS: z.coerce.number().min(0).max(1_000_000).default(60),
  ABKD_STALL_SECONDS: positiveSeconds.default(600),
  ABKD_STOP_GRACE_SECONDS: positiveSeconds.default(5),
  ABKD_SLOT_HEAP_MB: z.coerce.number().int().min(32).max(1_000_000).default(2048),
  ABKD_SLOT_GROWTH_MB: z.coerce.number().int().min(16).max(1_000_000).default(1024),
});

/**
 * Settings from the environment, with `options` in the place of their variables.
 * @throws {AbkdError} BAD_CONFIG naming every wrong setting, its value and what is expected
 */
export function readWorkerConfig(options: WorkerOptions = {}, env = process.env): WorkerConfig {
  const settings = readEnv(settingsSchema, {
    ...env,
    ...given('ABKD_COORDINATOR', options.coordinator),
    ...given('ABKD_WORKER_NAME', options.name),
    ...given('ABKD_SLOTS', options.slots?.toString()),
    ...given('ABKD_DATA_DIR', options.dataDir),
  });
  return Object.freeze({
    coordinators: readAddresses(settings.ABKD_COORDINATOR),
    name: settings.ABKD_WORKER_NAME ?? `${hostname()}#${process.pid}`,
    slots: settings.ABKD_SLOTS,
    labels: { ...readLabels(settings.ABKD_LABELS), ...options.labels },
    dataDir: resolve(settings.ABKD_DATA_DIR),
    cacheDir: join(resolve(settings.ABKD_HOME), 'cache'),
    cacheBytes: settings.ABKD_CACHE_GB === undefined ? null : Math.round(settings.ABKD_CACHE_GB * 1e9),
    backend: settings.ABKD_BACKEND,
    logLevel: settings.ABKD_LOG_LEVEL,
    giveUpMs: settings.ABKD_GIVE_UP_SECONDS === undefined ? null : settings.ABKD_GIVE_UP_SECONDS * 1000,
    checkpointMs: settings.ABKD_CHECKPOINT_SECONDS * 1000,
    limits: {
      stallMs: settings.ABKD_STALL_SECONDS * 1000,
      stopGraceMs: settings.ABKD_STOP_GRACE_SECONDS * 1000,
      heapMb: settings.ABKD_SLOT_HEAP_MB,
      growthBytes: settings.ABKD_SLOT_GROWTH_MB * 2 ** 20,
    },
  });
}

function given(name: string, value: string | undefined): Readonly<Record<string, string>> {
  return value === undefined ? {} : { [name]: value };
}

function readAddresses(text: string): readonly string[] {
  return text.split(',').map((part) => {
    const address = part.trim();
    const port = Number(/^(?:[^\s:[\]]+|\[[0-9a-fA-F:]+\]):(\d{1,5})$/.exec(address)?.[1]);
    if (port >= 1 && port <= 65_535) return address;
    throw new AbkdError(
      'BAD_CONFIG',
      `Cannot start with these settings: ABKD_COORDINATOR is "${text}": expected HOST:PORT[,HOST:PORT]`,
    );
  });
}

/** `gpu=h200,room=3`. */
function readLabels(text: string): Readonly<Record<string, string>> {
  const pairs = text.split(',').filter((part) => part.trim() !== '');
  return Object.fromEntries(
    pairs.map((pair) => {
      const [name, value] = pair.split(/=(.*)/s).map((part) => part.trim());
      if (name && value) return [name, value];
      throw new AbkdError(
        'BAD_CONFIG',
        `Cannot start with these settings: ABKD_LABELS is "${text}": expected NAME=VALUE[,NAME=VALUE]`,
      );
    }),
  );
}
