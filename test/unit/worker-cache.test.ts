import { createHash } from 'node:crypto';
import { mkdtemp, open, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../platform/logger.ts';
import { readProcessIdentity } from '../../platform/process-identity.ts';
import { openCacheFolder } from '../../worker/cache-folder.ts';
import { withHostLock } from '../../worker/host-lock.ts';
import { createSharedFiles } from '../../worker/shared-files.ts';
import { keepUsed, openFound } from '../../worker/used-files.ts';
import { eventually } from '../support/eventually.ts';

const never = new AbortController().signal;
let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'abkd-cache-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** Shared files as one agent of the host sees them. */
async function openAgent(maxBytes = 1e9, to?: { write(line: string): void }) {
  const log = createLogger('test', to === undefined ? { level: 'silent' } : { to });
  const cache = await openCacheFolder(root, maxBytes);
  return { cache, find: createSharedFiles({ cache, workerId: 'unused', artifacts: () => null, log }) };
}

const request = { scope: 'host', key: 'images:abc', expectedBytes: 0 } as const;

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
    await expect(find({ ...request, key: '../../etc/passwd' }, build, never)).rejects.toThrow(/expected a key of/);
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

describe('the bound of the cache folder', () => {
  const unused = 3_600_000;

  /** Builds a file of 10 bytes that was last used `ago` milliseconds ago. */
  async function hold({ find }: Awaited<ReturnType<typeof openAgent>>, name: string, ago: number) {
    const { path } = await find(
      { ...request, key: name, expectedBytes: 10 },
      (to) => writeFile(to, name.padEnd(10)),
      never,
    );
    const { mtime } = await stat(path);
    await utimes(path, new Date(Date.now() - ago), mtime);
    return path;
  }
  /** What is held, by hash: reading the files would count as use. */
  const names = async () => {
    const hashes = await readdir(join(root, 'content'));
    const known = ['a', 'b', 'c', 'd', 'open', 'small', 'unused', 'large'.padEnd(25)];
    return known.filter((name) => hashes.includes(createHash('sha256').update(name.padEnd(10)).digest('hex')));
  };

  it('evicts what was used least recently by either of two agents, and builds it again when asked', async () => {
    const [first, second] = [await openAgent(30), await openAgent(30)];
    await hold(first, 'a', 2 * unused);
    await hold(second, 'b', 3 * unused);
    await hold(first, 'c', unused);
    // Found again by the other agent: used now.
    await second.find({ ...request, key: 'b' }, () => Promise.reject(new Error('is there')), never);
    await hold(second, 'd', 0);
    expect(await names()).toEqual(['b', 'c', 'd']);
    await hold(first, 'a', 0);
    expect(await names()).toEqual(['a', 'b', 'd']);
    // The record of what is gone goes when the next agent starts.
    await openAgent(30);
    expect((await readdir(join(root, 'records'))).sort()).toEqual(['a.json', 'b.json', 'd.json']);
  });

  it('never evicts what is in use: then it is exceeded, and the log says so before', async () => {
    const lines: string[] = [];
    const agent = await openAgent(30, { write: (line) => void lines.push(line) });
    const path = await hold(agent, 'open', unused);
    using _use = keepUsed(path);
    await eventually(async () => expect(Date.now() - (await stat(path)).atimeMs).toBeLessThan(unused / 2), {
      timeoutMs: 5_000,
    });
    const build = async (to: string) => {
      expect(lines.find((line) => line.includes('grows beyond its bound'))).toMatch(/"totalBytes":35,.*"maxBytes":30/);
      await writeFile(to, 'large'.padEnd(25));
    };
    await agent.find({ ...request, key: 'large', expectedBytes: 25 }, build, never);
    expect(await names()).toEqual(['open', 'large'.padEnd(25)]);
  });

  it('counts what is being built', async () => {
    const agent = await openAgent(40);
    await hold(agent, 'unused', unused);
    const build = async (to: string) => {
      expect(await names()).toEqual(['unused']);
      await hold(await openAgent(40), 'small', 0);
      expect(await names()).toEqual(['small']);
      await writeFile(to, 'large'.padEnd(25));
    };
    await agent.find({ ...request, key: 'large', expectedBytes: 25 }, build, never);
    expect(await names()).toEqual(['small', 'large'.padEnd(25)]);
  });

  it('lets a reader finish a file that is evicted, and whoever comes too late to open it ask again', async () => {
    const agent = await openAgent(10);
    const path = await hold(agent, 'a', unused);
    await using reader = await open(path);
    let asked = 0;
    const opened = await openFound(
      async () => {
        asked += 1;
        // Found, and evicted by another agent before it is opened.
        const found = await hold(agent, 'a', unused);
        if (asked === 1) await hold(await openAgent(10), 'b', unused);
        return found;
      },
      (found) => readFile(found, 'utf8'),
    );
    expect([opened.trim(), asked]).toEqual(['a', 2]);
    expect((await reader.readFile('utf8')).trim()).toBe('a');
    const gone = () => readFile(join(root, 'nowhere'));
    await expect(openFound(async () => null, gone)).rejects.toThrow('ENOENT');
  });

  it('is a share of the disk by default, to which its own content counts as free', async () => {
    const { maxBytes } = await openCacheFolder(root, null);
    expect(maxBytes).toBeGreaterThan(0);
    expect(maxBytes).toBeLessThanOrEqual(50e9);
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
