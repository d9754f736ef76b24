import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { defaultWorkers } from '../../coordinator/embedded/config.ts';
import {
  claimHome,
  identifyProcess,
  isRunning,
  readRunningState,
  readState,
  type UpState,
  writeState,
} from '../../coordinator/embedded/state.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'abkd-home-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

describe('the lock of a home', () => {
  test('of several that claim it at once one gets it, the others are told who has it', async () => {
    const claims = await Promise.allSettled([claimHome(home), claimHome(home), claimHome(home)]);
    const refused = claims.filter((claim) => claim.status === 'rejected');
    expect(refused).toHaveLength(2);
    for (const { reason } of refused) expect(String(reason)).toContain(`process ${process.pid} runs there already`);
  });

  test('it is free again after its release, and leaves no file', async () => {
    const first = await claimHome(home);
    await first.release();
    const second = await claimHome(home);
    await second.release();
    expect(await readdir(home)).toEqual([]);
  });

  test.each([
    ['of a process that ended', async () => ({ pid: await endedPid(), identity: 'boot/1' })],
    ['whose process id now belongs to another process', async () => ({ pid: process.pid, identity: 'boot/1' })],
    ['that cannot be read', async () => 'half a li'],
  ])('a lock %s is taken over', async (_title, content) => {
    await writeFile(join(home, 'up.lock'), JSON.stringify(await content()));
    const lock = await claimHome(home);
    await expect(claimHome(home)).rejects.toThrow('runs there already');
    await lock.release();
  });

  test('the refusal names the address once it is known', async () => {
    await claimHome(home);
    await expect(claimHome(home)).rejects.toThrow('still starting');
    await writeState(home, await stateOf(process.pid));
    await expect(claimHome(home)).rejects.toThrow('at http://127.0.0.1:8080');
  });
});

describe('the state of a home', () => {
  test('it is read back as written, by its owner alone', async () => {
    const state = await stateOf(process.pid);
    await writeState(home, state);
    expect(await readState(home)).toEqual(state);
    expect((await stat(join(home, 'up.json'))).mode & 0o777).toBe(0o600);
    expect(await readdir(home)).toEqual(['up.json']);
  });

  test('it counts as running only while the very process that wrote it runs', async () => {
    const state = await stateOf(process.pid);
    await writeState(home, state);
    expect(await readRunningState(home)).toEqual(state);
    await writeState(home, { ...state, owner: { ...state.owner, identity: 'boot/1' } });
    expect(await readRunningState(home)).toBeNull();
  });

  test('a file of another kind is refused by name instead of overwritten', async () => {
    await writeFile(join(home, 'up.json'), '{"pid": 3}');
    await expect(readState(home)).rejects.toThrow(join(home, 'up.json'));
  });

  test('a home without state has none', async () => {
    expect(await readState(join(home, 'nowhere'))).toBeNull();
  });
});

test('a process that ended is no longer running, even under the same id', async () => {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'ignore'] });
  const known = await identifyProcess(child.pid!);
  expect(await isRunning(known)).toBe(true);
  expect(await isRunning({ ...known, identity: `${known.identity}0` })).toBe(false);
  child.stdin.end();
  await once(child, 'exit');
  expect(await isRunning(known)).toBe(false);
});

test('local workers: two, or half of the cores where that is more, never more than cores', () => {
  expect([1, 2, 3, 4, 8, 64].map(defaultWorkers)).toEqual([1, 2, 2, 2, 4, 32]);
});

async function endedPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' });
  await once(child, 'exit');
  return child.pid!;
}

async function stateOf(pid: number): Promise<UpState> {
  const owner = await identifyProcess(pid);
  const worker = { name: 'local-1', process: owner, fitKey: 'f' };
  return { owner, version: '1', httpUrl: 'http://127.0.0.1:8080', grpcAddress: '127.0.0.1:1', workers: [worker] };
}
