import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../platform/logger.ts';
import { readProcessIdentity } from '../../platform/process-identity.ts';
import { openCacheFolder } from '../../worker/cache-folder.ts';
import { withHostLock } from '../../worker/host-lock.ts';
import { createSharedFiles } from '../../worker/shared-files.ts';

const never = new AbortController().signal;
const log = createLogger('test', { level: 'silent' });
let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'abkd-cache-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** Shared files as one agent of the host sees them. */
async function openAgent() {
  const cache = await openCacheFolder(root);
  return { cache, find: createSharedFiles({ cache, workerId: 'unused', artifacts: () => null, log }) };
}

const request = { scope: 'host', key: 'images:abc' } as const;

describe('files shared by a host', () => {
  it('are built once by two agents that ask at the same time, and found by later ones', async () => {
    const [first, second] = [await openAgent(), await openAgent()];
    let builds = 0;
    const build = async (path: string) => {
      builds += 1;
      await writeFile(path, 'pixels');
      return { count: 6 };
    };
    const both = await Promise.all([first.find(request, build, never), second.find(request, build, never)]);
    const files = [...both, await (await openAgent()).find(request, build, never)];
    expect(builds).toBe(1);
    expect(new Set(files.map(({ path }) => path)).size).toBe(1);
    expect(files[2]).toMatchObject({
      sha256: createHash('sha256').update('pixels').digest('hex'),
      metadata: { count: 6 },
    });
    expect(await readFile(files[1]!.path, 'utf8')).toBe('pixels');
  });

  it('are built again where the content is cut short, changed or gone', async () => {
    let builds = 0;
    const build = async (path: string) => {
      builds += 1;
      await writeFile(path, 'pixels');
    };
    const { path } = await (await openAgent()).find(request, build, never);
    for (const damage of [() => writeFile(path, 'pix'), () => writeFile(path, 'pixelz'), () => rm(path)]) {
      await damage();
      const again = await (await openAgent()).find(request, build, never);
      expect(await readFile(again.path, 'utf8')).toBe('pixels');
    }
    expect(builds).toBe(4);
  });

  it('are noticed as damaged by an agent that has used them before', async () => {
    const { find } = await openAgent();
    const build = async (path: string) => writeFile(path, 'pixels');
    const { path } = await find(request, build, never);
    await writeFile(path, 'longer than before');
    await find(request, build, never);
    expect(await readFile(path, 'utf8')).toBe('pixels');
  });

  it('leave nothing behind when a build fails, and the next may try', async () => {
    const { find } = await openAgent();
    const fail = async (path: string) => {
      await writeFile(path, 'half');
      throw new Error('disk on fire');
    };
    await expect(find(request, fail, never)).rejects.toThrow('disk on fire');
    expect(await readdir(join(root, 'building'))).toEqual([]);
    expect(await readdir(join(root, 'locks'))).toEqual([]);
    await find(request, (path) => writeFile(path, 'pixels'), never);
  });

  it('cannot be named so that they leave their folder', async () => {
    const { find } = await openAgent();
    const build = (path: string) => writeFile(path, 'x');
    await expect(find({ scope: 'host', key: '../../etc/passwd' }, build, never)).rejects.toThrow(/expected a key of/);
  });

  it('that a dead process was building are removed when an agent starts', async () => {
    await openAgent();
    const gone = join(root, 'building', '999999999-abandoned');
    const live = join(root, 'building', `${process.pid}-growing`);
    await Promise.all([writeFile(gone, 'half'), writeFile(live, 'half')]);
    await openAgent();
    expect(await readdir(join(root, 'building'))).toEqual([`${process.pid}-growing`]);
  });
});

describe('withHostLock()', () => {
  const lockOf = (pid: number, identity: string) =>
    JSON.stringify({ host: hostname(), pid, identity, token: 'somebody' });

  it('waits for a live owner and gives up when told to', async () => {
    const path = join(root, 'lock');
    const identity = await readProcessIdentity(process.pid);
    await writeFile(path, lockOf(process.pid, identity ?? ''));
    const waiting = new AbortController();
    const entered = withHostLock(path, waiting.signal, async () => 'entered');
    waiting.abort(new Error('told to stop'));
    await expect(entered).rejects.toThrow('told to stop');
    expect(await readFile(path, 'utf8')).toContain('somebody');
  });

  it.each([
    ['has ended', 999_999_999, 'any'],
    ['was an earlier process with the same id', process.pid, 'an earlier start'],
  ])('breaks the lock of an owner that %s', async (_, pid, identity) => {
    const path = join(root, 'lock');
    await writeFile(path, lockOf(pid, identity));
    expect(await withHostLock(path, never, async () => 'entered')).toBe('entered');
    expect(await readdir(root)).toEqual([]);
  });

  it('lets one of five in at a time, also over a stale lock', async () => {
    const path = join(root, 'lock');
    await writeFile(path, lockOf(999_999_999, 'any'));
    let inside = 0;
    const enter = () =>
      withHostLock(path, never, async () => {
        inside += 1;
        expect(inside).toBe(1);
        await new Promise((resolve) => setImmediate(resolve));
        inside -= 1;
      });
    await Promise.all(Array.from({ length: 5 }, enter));
  });

  it('is free again after work that throws', async () => {
    const path = join(root, 'lock');
    const fail = () => Promise.reject(new Error('no'));
    await expect(withHostLock(path, never, fail)).rejects.toThrow('no');
    expect(await withHostLock(path, never, async () => 'entered')).toBe('entered');
  });
});
