// Makes a fresh clone ready to run: installs what the lock file names, generates code, compiles.
// Plain JavaScript without dependencies, because it runs before there are any. Writes to standard error only.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root, run } from './run.mjs';

const lockPath = join(root, '.bootstrap.lock');
const stampPath = join(root, 'node_modules/.abkd-stamp');
const say = (text) => process.argv.includes('--quiet') || process.stderr.write(`${text}\n`);

assertNodeVersion();
await withLock(async () => {
  await install();
  await run(process.execPath, [join(root, 'scripts/generate.mjs')]);
  await run(process.execPath, [join(root, 'scripts/build.mjs')]);
});

function assertNodeVersion() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  process.stderr.write(`Cannot start: this is Node ${process.versions.node}, expected 20.19 or newer\n`);
  process.exit(1);
}

/** `npm ci`, unless the same lock file was installed for the same Node and platform before. */
async function install() {
  const lockFile = await readFile(join(root, 'package-lock.json'));
  const hash = createHash('sha256').update(lockFile).digest('hex');
  const stamp = `${hash} abi${process.versions.modules} ${process.platform}-${process.arch}\n`;
  if (existsSync(stampPath) && (await readFile(stampPath, 'utf8')) === stamp) return;
  say('Installing packages (once; about half a minute) ...');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  await run(npm, ['ci', '--include=dev', '--no-audit', '--no-fund']);
  await mkdir(join(root, 'node_modules'), { recursive: true });
  await writeFile(stampPath, stamp);
}

/** One bootstrap at a time: two `npm ci` would delete each other's packages. */
async function withLock(work) {
  for (let said = false; ; said = true) {
    const handle = await open(lockPath, 'wx').catch((error) => {
      if (error.code === 'EEXIST') return null;
      throw error;
    });
    if (handle !== null) {
      await handle.writeFile(String(process.pid));
      await handle.close();
      break;
    }
    const owner = Number(await readFile(lockPath, 'utf8').catch(() => ''));
    if (owner > 0 && !isAlive(owner)) await rm(lockPath, { force: true });
    else if (!said) say(`Waiting for another command (process ${owner}) to finish preparing this folder ...`);
    await sleep(200);
  }
  try {
    await work();
  } finally {
    await rm(lockPath, { force: true });
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
