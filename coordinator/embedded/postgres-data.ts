import { spawn } from 'node:child_process';
import { lchown, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AbkdError } from '../../core/errors.ts';
import type { PostgresAccount } from './postgres-account.ts';
import { postgresUser } from './postgres-login.ts';

/** Major version of the data format; that of the pinned packages. */
const dataVersion = '18';

/**
 * Creates the data folder `folder/data` where there is none: UTF-8, scram for every connection. It is made beside and
 * renamed when complete, so that a start that was killed leaves nothing half made.
 * @throws {AbkdError} BAD_CONFIG where the data is of another version; INTERNAL where initdb fails
 */
export async function initialiseData(account: PostgresAccount, folder: string, password: string): Promise<void> {
  const data = join(folder, 'data');
  const version = await readVersion(data);
  if (version === dataVersion) return;
  if (version !== null) {
    throw new AbkdError(
      'BAD_CONFIG',
      `Cannot start Postgres on ${data}: its data is of version ${version}, expected ${dataVersion}; move it away or upgrade it`,
    );
  }
  const draft = join(folder, 'data.new');
  await rm(draft, { recursive: true, force: true });
  const passwordFile = join(folder, 'initial-password');
  await writeFile(passwordFile, password, { mode: 0o600 });
  try {
    if (account.owner !== null) await lchown(passwordFile, account.owner, account.owner);
    await runInitdb(account, draft, passwordFile);
  } finally {
    await rm(passwordFile, { force: true });
  }
  await rename(draft, data);
}

function readVersion(data: string): Promise<string | null> {
  return readFile(join(data, 'PG_VERSION'), 'utf8').then(
    (text) => text.trim(),
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    },
  );
}

function runInitdb(account: PostgresAccount, data: string, passwordFile: string): Promise<void> {
  const login = [`--username=${postgresUser}`, `--pwfile=${passwordFile}`, '--auth=scram-sha-256'];
  const format = ['--encoding=UTF8', '--locale=C', '--no-instructions'];
  const [command, ...args] = [...account.prefix, account.binaries.initdb, '-D', data, ...login, ...format];
  return new Promise((resolve, reject) => {
    const child = spawn(command!, args, { cwd: '/', stdio: ['ignore', 'pipe', 'pipe'], ...account.identity });
    const output: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => output.push(chunk));
    const fail = (reason: string, cause?: unknown) =>
      reject(new AbkdError('INTERNAL', `Cannot create the Postgres data in ${data}: ${reason}`, { cause }));
    child.once('error', (error) => fail(error.message, error));
    child.once('close', (code) => {
      if (code === 0) return resolve();
      fail(Buffer.concat(output).toString('utf8').trim().split('\n').slice(-4).join(' | '));
    });
  });
}
