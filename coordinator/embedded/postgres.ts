import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { AbkdError } from '../../core/errors.ts';
import { sleep } from '../../platform/async.ts';
import { systemClock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import { readProcessIdentity } from '../../platform/process-identity.ts';
import { type AccountName, choosePostgresAccount, type PostgresAccount } from './postgres-account.ts';
import { findPostgresBinaries } from './postgres-binaries.ts';
import { initialiseData } from './postgres-data.ts';
import { connectionStringTo, isServing, type PostgresLogin, readPassword } from './postgres-login.ts';
import { postmasterFilePath, readCommandLine, readPostmasterFile } from './postmaster-file.ts';

/** A running PostgreSQL of our own, reachable on the loopback address only. */
export interface EmbeddedPostgres {
  /** For a user that may do everything, with its password. The database need not exist yet; `migrate` creates it. */
  connectionString(database: string): string;
  /** Of the postmaster, which has a process group of its own. */
  readonly pid: number;
  readonly port: number;
  /** True where it was already running, left by a process that was killed. */
  readonly adopted: boolean;
  /** Fast shutdown: ends the sessions, writes everything, waits until the process is gone. Idempotent. */
  stop(): Promise<void>;
}

export interface PostgresOptions {
  /** Folder of the embedded mode; data in `postgres/`, password in `postgres-password`. Created if missing. */
  readonly home: string;
  readonly logger: Logger;
  /** @default 0, any free one */
  readonly port?: number;
  /** Further server settings, e.g. `fsync: off` for a database that is thrown away. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Ways to run it, tried in this order. @default what `possibleAccounts` says */
  readonly accounts?: readonly AccountName[];
}

/** Small enough for a laptop, enough for a few coordinators' pools. */
const serverSettings: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '100',
  shared_buffers: '64MB',
  max_wal_size: '512MB',
  password_encryption: 'scram-sha-256',
};

/** Recovery after a crash can take long; an ordinary start takes less than a second. */
const startTimeoutMs = 120_000;
const stopTimeoutMs = 30_000;
const pollMs = 25;

/**
 * Starts the PostgreSQL that npm delivered on the data in `home`, or adopts the one that still runs on it.
 * The first start creates the data.
 * @throws {AbkdError} MISSING_DATA without binaries; BAD_CONFIG where the machine does not let it run; CONFLICT where
 *   another process holds the data; INTERNAL where the server fails, with the end of its log
 */
export async function startPostgres(options: PostgresOptions): Promise<EmbeddedPostgres> {
  await mkdir(options.home, { recursive: true });
  const home = await realpath(options.home);
  const adopted = await adoptPostgres(home);
  if (adopted !== null) {
    options.logger.info({ pid: adopted.pid, port: adopted.port }, 'adopted running postgres');
    return adopted;
  }
  const folder = join(home, 'postgres');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const account = await choosePostgresAccount(await findPostgresBinaries(), folder, options.accounts);
  const password = await readPassword(home);
  await initialiseData(account, folder, password);
  const started = await launch(account, folder, password, options);
  options.logger.info({ pid: started.pid, port: started.port, account: account.name }, 'started postgres');
  return started;
}

/**
 * Takes over a server that still runs on the data in `home`. It is ours if the process named by its pid file runs on
 * this data folder, our password logs in on its port, and the server there has the same data folder and start time.
 * A pid file that names a process of another kind (its id was given out again) is removed; no process is ever ended.
 * @returns null where no server runs
 * @throws {AbkdError} CONFLICT where a server runs that is not ours to use
 */
export async function adoptPostgres(home: string): Promise<EmbeddedPostgres | null> {
  const dataFolder = join(await realpath(home), 'postgres', 'data');
  const deadline = systemClock.now() + startTimeoutMs;
  for (;;) {
    const file = await readPostmasterFile(dataFolder);
    // A file without a living process is left to Postgres, which checks on its shared memory before it removes it.
    const identity = file === null ? null : await readProcessIdentity(file.pid);
    if (file === null || identity === null) return null;
    const command = await readCommandLine(file.pid);
    if (!isPostmaster(command)) {
      await rm(postmasterFilePath(dataFolder), { force: true });
      return null;
    }
    const login = { port: file.port, password: await readPassword(home) };
    const isOurs = command.includes(` -D ${dataFolder}`);
    if (isOurs && (await isServing(login, dataFolder, file.startedAt))) {
      return createHandle(login, { pid: file.pid, identity, adopted: true });
    }
    // One of ours may be starting, recovering or shutting down.
    if (!isOurs || systemClock.now() > deadline) throw heldByOther(dataFolder, file.pid, command);
    await sleep(pollMs * 4);
  }
}

/** A server, not one of its many helpers: only its command names a data folder. */
function isPostmaster(command: string): boolean {
  return command.includes('postgres') && command.includes(' -D ');
}

function heldByOther(dataFolder: string, pid: number, command: string): AbkdError {
  return new AbkdError(
    'CONFLICT',
    `Cannot use the data in ${dataFolder}: its pid file names process ${pid}, a Postgres that is not ours to use (${command.slice(0, 200)}), expected it to have ended`,
  );
}

async function launch(
  account: PostgresAccount,
  folder: string,
  password: string,
  options: PostgresOptions,
): Promise<EmbeddedPostgres> {
  // A port that is free now may be taken when the server binds it.
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port || (await findFreePort());
    const outcome = await tryLaunch(account, folder, { port, password }, options.settings ?? {});
    if (typeof outcome !== 'string') return outcome;
    const retriable = /could not bind|shared memory block|is still in use/.test(outcome) && attempt < 5;
    if (!retriable || (options.port && /could not bind/.test(outcome))) {
      throw new AbkdError('INTERNAL', `Cannot start the embedded Postgres on port ${port}: ${outcome}`);
    }
    await sleep(200);
  }
}

/** The running server, or the end of its log where it did not come up. */
async function tryLaunch(
  account: PostgresAccount,
  folder: string,
  login: PostgresLogin,
  settings: Readonly<Record<string, string>>,
): Promise<EmbeddedPostgres | string> {
  const dataFolder = join(folder, 'data');
  const log = await openLog(join(folder, 'postgres.log'));
  const child = spawnServer(account, dataFolder, log.fd, { ...serverSettings, port: String(login.port), ...settings });
  await log.close();
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  if (await waitUntilServing(child, login, dataFolder)) {
    const identity = await readProcessIdentity(child.pid!);
    if (identity !== null) return createHandle(login, { pid: child.pid!, identity, adopted: false });
  }
  child.kill('SIGQUIT');
  await ended;
  return log.readEnd();
}

function spawnServer(
  account: PostgresAccount,
  dataFolder: string,
  logFd: number,
  settings: Readonly<Record<string, string>>,
): ChildProcess {
  const assignments = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const [command, ...args] = [...account.prefix, account.binaries.postgres, '-D', dataFolder, ...assignments];
  const child = spawn(command!, args, {
    cwd: '/',
    env: serverEnvironment,
    // Its own process group: Ctrl-C in a terminal must reach us alone, because Postgres has to be the last to stop.
    detached: true,
    stdio: ['ignore', logFd, logFd],
    ...account.identity,
  });
  child.unref();
  return child;
}

/** Nothing of our environment may change how the server behaves (PGDATA, PGPORT, locale, secrets of ours). */
const serverEnvironment = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

/** False where the process ended or took too long. */
async function waitUntilServing(child: ChildProcess, login: PostgresLogin, dataFolder: string): Promise<boolean> {
  const deadline = systemClock.now() + startTimeoutMs;
  while (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
    const file = await readPostmasterFile(dataFolder);
    if (file?.pid === child.pid && (await isServing(login, dataFolder, file.startedAt))) return true;
    if (systemClock.now() > deadline) return false;
    await sleep(pollMs);
  }
  return false;
}

function createHandle(
  login: PostgresLogin,
  server: { readonly pid: number; readonly identity: string; readonly adopted: boolean },
): EmbeddedPostgres {
  const { pid, identity, adopted } = server;
  const isRunning = async () => (await readProcessIdentity(pid)) === identity;
  return {
    connectionString: (database) => connectionStringTo(login, database),
    pid,
    port: login.port,
    adopted,
    stop: () => stopServer(pid, isRunning),
  };
}

/** SIGINT is Postgres' fast shutdown. SIGQUIT, after which the next start recovers, only where that does not end. */
async function stopServer(pid: number, isRunning: () => Promise<boolean>): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    if (!(await isRunning())) return;
    process.kill(pid, signal);
    const deadline = systemClock.now() + stopTimeoutMs;
    while (systemClock.now() < deadline) {
      if (!(await isRunning())) return;
      await sleep(pollMs);
    }
  }
  throw new AbkdError('INTERNAL', `Cannot stop the embedded Postgres: process ${pid} ignores SIGINT and SIGQUIT`);
}

const maxLogBytes = 10_000_000;

/** Appends to the log; what a start before left is set aside once it is large. `readEnd` gives what was added. */
async function openLog(path: string) {
  const size = await stat(path).then(
    (stats) => stats.size,
    () => 0,
  );
  if (size > maxLogBytes) await rename(path, `${path}.1`);
  const from = size > maxLogBytes ? 0 : size;
  const handle = await open(path, 'a+', 0o600);
  return {
    fd: handle.fd,
    close: () => handle.close(),
    readEnd: async () => {
      const reader = await open(path, 'r');
      try {
        const text = (await reader.readFile()).subarray(from).toString('utf8').trim();
        return text === '' ? 'it ended without a word' : text.split('\n').slice(-5).join(' | ');
      } finally {
        await reader.close();
      }
    },
  };
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port);
        else reject(new Error('Cannot find a free port: the listening socket has no address'));
      });
    });
  });
}
