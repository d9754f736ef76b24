import { execFile } from 'node:child_process';
import { cp, lchown, readdir, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { AbkdError } from '../../core/errors.ts';
import { type PostgresBinaries, relocateBinaries } from './postgres-binaries.ts';

/**
 * Ways to run Postgres, which refuses to run as root, and whose initdb refuses a user without a name:
 *
 *  self       as we are
 *  namespace  in a user namespace in which we are `nobody`; files stay ours, so that folders closed to others (0700) work
 *  reader     as user `nobody` that may search every folder; owns the data, which may lie in a closed folder, while the
 *             programs must be open to others
 *  nobody     as user `nobody`, with the programs copied beside the data; every folder above must be open to others
 */
export type AccountName = 'self' | 'namespace' | 'reader' | 'nobody';

export interface PostgresAccount {
  readonly name: AccountName;
  /** Command to put before the program. It replaces itself by the program, so the process id stays. */
  readonly prefix: readonly string[];
  /** User that owns the data; null: ourselves. */
  readonly owner: number | null;
  /** User to switch to when the process is made; empty: the prefix does it, or nobody needs to. */
  readonly identity: { readonly uid?: number; readonly gid?: number };
  readonly binaries: PostgresBinaries;
}

/** `nobody` on Linux. */
const nobody = 65534;

type Prepare = (binaries: PostgresBinaries, folder: string) => Promise<PostgresAccount>;

const preparations: Readonly<Record<AccountName, Prepare>> = {
  self: async (binaries) => ({ name: 'self', prefix: [], owner: null, identity: {}, binaries }),
  namespace: namespaceAccount,
  reader: readerAccount,
  nobody: nobodyAccount,
};

/** What may work for the user that we are, the best first. */
export function possibleAccounts(): readonly AccountName[] {
  if (process.getuid?.() === 0) return ['namespace', 'reader', 'nobody'];
  return hasUserName() ? ['self'] : ['namespace', 'self'];
}

/** False for a bare number, as containers give it: a user without an entry in /etc/passwd. */
function hasUserName(): boolean {
  try {
    return userInfo().username !== '';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SYSTEM_ERROR') return false;
    throw error;
  }
}

/**
 * Chooses an account by trying whether the program runs and the folder is writable under it.
 * @param folder an existing folder of ours that will hold the data
 * @param names to be tried, in this order
 * @throws {AbkdError} BAD_CONFIG where none works, with the reason of each
 */
export async function choosePostgresAccount(
  binaries: PostgresBinaries,
  folder: string,
  names: readonly AccountName[] = possibleAccounts(),
): Promise<PostgresAccount> {
  const reasons: string[] = [];
  for (const name of names) {
    const account = await preparations[name](binaries, folder);
    const problem = await tryAccount(account, folder);
    if (problem === null) return account;
    reasons.push(`${name}: ${problem}`);
  }
  throw new AbkdError(
    'BAD_CONFIG',
    `Cannot start the embedded Postgres in ${folder}: it does not run as root, and every other way to run it failed (${reasons.join('; ')}), expected ABKD_HOME in a folder that others may enter, or a plain user, or DATABASE_URL`,
  );
}

async function namespaceAccount(binaries: PostgresBinaries, folder: string): Promise<PostgresAccount> {
  await own(folder, process.getuid?.() ?? 0);
  const prefix = ['unshare', '-U', `--map-user=${nobody}`, `--map-group=${nobody}`];
  return { name: 'namespace', prefix, owner: null, identity: {}, binaries };
}

async function readerAccount(binaries: PostgresBinaries, folder: string): Promise<PostgresAccount> {
  await own(folder, nobody);
  const identity = [`--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'];
  const prefix = ['setpriv', ...identity, '--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search'];
  return { name: 'reader', prefix, owner: nobody, identity: {}, binaries };
}

async function nobodyAccount(binaries: PostgresBinaries, folder: string): Promise<PostgresAccount> {
  const copy = relocateBinaries(binaries, join(folder, 'native'));
  await cp(binaries.folder, copy.folder, { recursive: true, verbatimSymlinks: true });
  await own(folder, nobody);
  return { name: 'nobody', prefix: [], owner: nobody, identity: { uid: nobody, gid: nobody }, binaries: copy };
}

/** Gives a folder and all in it to a user, which matters where an earlier start had chosen another account. */
async function own(folder: string, uid: number): Promise<void> {
  if ((await stat(folder)).uid === uid) return;
  const entries = await readdir(folder, { recursive: true });
  for (const entry of ['', ...entries]) await lchown(join(folder, entry), uid, uid);
}

/** Null where it works, else why not. */
function tryAccount(account: PostgresAccount, folder: string): Promise<string | null> {
  // initdb looks for postgres with access(2), which ignores added capabilities: only initdb itself can tell.
  const script = 'test -w "$1" && test -x "$1" && "$2" --show -D "$1/data" >/dev/null';
  const [command, ...args] = [...account.prefix, 'sh', '-c', script, 'sh', folder, account.binaries.initdb];
  return new Promise((resolve) => {
    execFile(command!, args, { cwd: '/', ...account.identity }, (error, _stdout, stderr) => {
      if (error === null) return resolve(null);
      const said = stderr.trim().split('\n').at(-1);
      resolve(said === undefined || said === '' ? `exit code ${error.code}` : said);
    });
  });
}
