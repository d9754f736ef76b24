import { type ExecFileOptions, execFile, spawn } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import {
  adoptPostgres,
  type EmbeddedPostgres,
  type PostgresOptions,
  startPostgres,
} from '../../coordinator/embedded/postgres.ts';
import type { AccountName } from '../../coordinator/embedded/postgres-account.ts';
import { completeLinks, findPostgresBinaries } from '../../coordinator/embedded/postgres-binaries.ts';
import { createLogger } from '../../platform/logger.ts';
import { readProcessIdentity } from '../../platform/process-identity.ts';
import { eventually } from '../support/eventually.ts';

const logger = createLogger('test-postgres', { level: 'silent' });
const isRoot = process.getuid?.() === 0;
const timeoutMs = 20_000;

/** A home inside a folder that only its owner may enter. */
async function makeHome(owner?: number): Promise<string> {
  const closed = await realpath(await mkdtemp(join(tmpdir(), 'abkd-closed-')));
  onTestFinished(() => rm(closed, { recursive: true, force: true }));
  const home = join(closed, 'home');
  await mkdir(home);
  if (owner !== undefined) for (const folder of [closed, home]) await chown(folder, owner, owner);
  expect((await stat(closed)).mode & 0o777).toBe(0o700);
  return home;
}

async function start(home: string, options: Partial<PostgresOptions> = {}): Promise<EmbeddedPostgres> {
  const postgres = await startPostgres({ home, logger, ...options });
  onTestFinished(() => postgres.stop());
  return postgres;
}

async function query(connectionString: string, text: string) {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

/** Writes something that must survive; each call adds one. */
async function addRow(postgres: EmbeddedPostgres): Promise<number> {
  const url = postgres.connectionString('postgres');
  await query(url, 'CREATE TABLE IF NOT EXISTS kept (n int)');
  await query(url, 'INSERT INTO kept VALUES (1)');
  return (await query(url, 'SELECT count(*)::int FROM kept'))[0].count;
}

test('startPostgres() works in a 0700 folder, lets in only who has the password, and stop() leaves no process but the data', async () => {
  const home = await makeHome();
  const first = await start(home);
  expect(first).toMatchObject({ adopted: false, pid: expect.any(Number), port: expect.any(Number) });
  expect(await addRow(first)).toBe(1);
  expect((await stat(join(home, 'postgres-password'))).mode & 0o777).toBe(0o600);
  const url = new URL(first.connectionString('postgres'));
  expect(url.password.length).toBeGreaterThanOrEqual(32);
  url.password = 'guess';
  await expect(query(url.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
  const settings = await query(
    first.connectionString('postgres'),
    `SELECT name, setting FROM pg_settings WHERE name IN ('listen_addresses', 'unix_socket_directories') ORDER BY 1`,
  );
  expect(settings.map((row) => row.setting)).toEqual(['127.0.0.1', '']);
  // It leads a process group of its own, so that Ctrl-C in a terminal does not reach it: signal 0 asks for the group.
  expect(process.kill(-first.pid, 0)).toBe(true);
  await first.stop();
  await first.stop();
  expect(await readProcessIdentity(first.pid)).toBeNull();

  const second = await start(home);
  expect(second.adopted).toBe(false);
  expect(await addRow(second)).toBe(2);
});

test('startPostgres() adopts the server that an earlier process left running, and can stop it', async () => {
  const home = await makeHome();
  const first = await start(home);
  await addRow(first);
  const second = await start(home);
  expect(second).toMatchObject({ adopted: true, pid: first.pid, port: first.port });
  expect(await addRow(second)).toBe(2);
  await second.stop();
  expect(await readProcessIdentity(first.pid)).toBeNull();
  expect(await adoptPostgres(home)).toBeNull();
});

test('after kill -9 of the server the next start recovers what was committed', async () => {
  const home = await makeHome();
  const first = await start(home);
  await addRow(first);
  process.kill(first.pid, 'SIGKILL');
  await eventually(async () => expect(await readProcessIdentity(first.pid)).toBeNull(), { timeoutMs });
  const second = await start(home);
  expect(second.adopted).toBe(false);
  expect(await addRow(second)).toBe(2);
});

test('a pid file that names a living process of another kind is stale: the process stays, Postgres starts', async () => {
  const home = await makeHome();
  await (await start(home)).stop();
  const pidFile = join(home, 'postgres', 'data', 'postmaster.pid');
  const bystander = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  onTestFinished(() => void bystander.kill('SIGKILL'));
  await writeFile(pidFile, `${bystander.pid}\n${join(home, 'postgres', 'data')}\n1700000000\n5432\n\n127.0.0.1\n`);
  const postgres = await start(home);
  expect(postgres.adopted).toBe(false);
  expect(Number((await readFile(pidFile, 'utf8')).split('\n')[0])).toBe(postgres.pid);
  expect(await readProcessIdentity(bystander.pid!)).not.toBeNull();
});

test('a pid file that names the server of another home is refused, and that server stays', async () => {
  const other = await start(await makeHome());
  const home = await makeHome();
  const data = join(home, 'postgres', 'data');
  await mkdir(data, { recursive: true });
  await writeFile(join(data, 'postmaster.pid'), `${other.pid}\n${data}\n1700000000\n${other.port}\n\n127.0.0.1\n`);
  await expect(startPostgres({ home, logger })).rejects.toMatchObject({ code: 'CONFLICT' });
  expect(await addRow(other)).toBe(1);
});

test('a port that is taken is an error that says so', async () => {
  const other = await start(await makeHome());
  const refused = startPostgres({ home: await makeHome(), logger, port: other.port });
  await expect(refused).rejects.toMatchObject({
    code: 'INTERNAL',
    message: expect.stringMatching(/^Cannot start the embedded Postgres on port \d+: .*could not bind IPv4 address/s),
  });
});

test('data of another version is refused by name', async () => {
  const home = await makeHome();
  await mkdir(join(home, 'postgres', 'data'), { recursive: true });
  await writeFile(join(home, 'postgres', 'data', 'PG_VERSION'), '12\n');
  await expect(startPostgres({ home, logger })).rejects.toThrow(/is of version 12, expected 18/);
});

test('links that a skipped install script did not make are made', async () => {
  const folder = join(await makeHome(), 'native');
  await mkdir(join(folder, 'lib'), { recursive: true });
  await writeFile(join(folder, 'lib', 'libpq.so.5.18'), 'library');
  const links = [{ source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' }];
  await writeFile(join(folder, 'pg-symlinks.json'), JSON.stringify(links));
  await completeLinks('the package', folder);
  await completeLinks('the package', folder);
  expect(await readFile(join(folder, 'lib', 'libpq.so.5'), 'utf8')).toBe('library');
});

const asRoot = isRoot ? test : test.skip;
if (!isRoot) process.stderr.write('Skipping the ways to run Postgres as root: these tests do not run as root\n');

asRoot('as root, Postgres runs on the same data in each way, one after another', async () => {
  const home = await makeHome();
  // The way "nobody" is for machines that allow neither of the others, and needs folders that others may enter.
  await chmod(join(home, '..'), 0o755);
  const { initdb } = await findPostgresBinaries();
  const open = (await run('test', ['-x', initdb], { cwd: '/', uid: 65534, gid: 65534 })).code === 0;
  if (!open) process.stderr.write(`Leaving out the way "reader": others may not enter the folder of ${initdb}\n`);
  const ways: readonly AccountName[] = open ? ['reader', 'nobody', 'namespace'] : ['nobody', 'namespace'];
  for (const [index, account] of ways.entries()) {
    const postgres = await start(home, { accounts: [account] });
    expect(await addRow(postgres)).toBe(index + 1);
    await postgres.stop();
  }
});

asRoot('as root, a folder that no way can use is an error that names each way and its reason', async () => {
  const refused = startPostgres({ home: await makeHome(), logger, accounts: ['nobody'] });
  await expect(refused).rejects.toMatchObject({
    code: 'BAD_CONFIG',
    message: expect.stringMatching(
      /^Cannot start the embedded Postgres in .* failed \(nobody: .+\), expected ABKD_HOME/,
    ),
  });
});

/** A process of another user imports what was built, starts Postgres, asks who it is, and stops it. */
const startAndStop = `
  const [program, home] = process.argv.slice(1);
  const { startPostgres } = await import(program);
  const postgres = await startPostgres({ home, logger: { info() {} } });
  const again = await startPostgres({ home, logger: { info() {} } });
  await again.stop();
  console.log(process.getuid(), postgres.pid === again.pid);
`;

// 65534 is `nobody`, a user with a name; 54321 is a bare number, as containers give it.
for (const uid of [65534, 54321]) {
  asRoot(`a plain user (${uid}) runs Postgres in a 0700 folder of its own`, async ({ skip }) => {
    const home = await makeHome(uid);
    const program = fileURLToPath(new URL('../../dist/coordinator/embedded/postgres.js', import.meta.url));
    const identity = { cwd: '/', uid, gid: uid };
    if ((await run('test', ['-r', program], identity)).code !== 0) {
      skip(`user ${uid} cannot read ${program}: the checkout is in a folder closed to others`);
    }
    const node = ['--input-type=module', '-e', startAndStop, program, home];
    expect(await run(process.execPath, node, identity)).toEqual({ code: 0, stdout: `${uid} true\n`, stderr: '' });
    expect((await stat(join(home, 'postgres', 'data'))).uid).toBe(uid);
  });
}

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(command: string, args: readonly string[], options: ExecFileOptions): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(command, [...args], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout: String(stdout), stderr: String(stderr) });
    });
  });
}
