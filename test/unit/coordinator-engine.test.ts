/** Parts of the coordinator that need no server. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runLoop } from '../../coordinator/engine/loop.ts';
import { toGrpcStatus } from '../../coordinator/grpc/errors.ts';
import { createHeldAttempts } from '../../coordinator/grpc/held-attempts.ts';
import { createBestPointsReader } from '../../coordinator/service/best-points.ts';
import { AbkdError } from '../../core/errors.ts';
import type { SweepId, TrialId } from '../../core/ids.ts';
import { SweepState } from '../../core/sweep.ts';
import { countStates } from '../../core/trial-counts.ts';
import { openLocalArtifacts } from '../../platform/artifacts/local.ts';
import { createBell } from '../../platform/bell.ts';
import { createLifecycle } from '../../platform/lifecycle.ts';
import { createLogger } from '../../platform/logger.ts';

const silent = createLogger('test', { level: 'silent' });
const key = (n: number, attempt = 1) => ({ trialId: `trial-${n}` as TrialId, attempt });
const sweep = (name: string) => name as SweepId;

describe('createBell()', () => {
  const forever = 2 ** 31 - 1;

  it('wakes whoever waits after a ring that came since it was armed', async () => {
    const bell = createBell();
    const { signal } = new AbortController();
    bell.arm();
    bell.ring();
    await bell.wait(forever, signal);
    const waiting = bell.wait(forever, signal);
    bell.ring();
    await waiting;
  });

  it('forgets rings from before it was armed, and ends with the signal', async () => {
    const bell = createBell();
    bell.ring();
    bell.arm();
    const controller = new AbortController();
    let woke = false;
    const waiting = bell.wait(forever, controller.signal).then(() => (woke = true));
    await Promise.resolve();
    expect(woke).toBe(false);
    controller.abort();
    await waiting;
  });
});

describe('runLoop()', () => {
  it('takes one more turn after a ring in the middle of a turn, and goes on after a failure', async () => {
    const bell = createBell();
    const stop = new AbortController();
    let turns = 0;
    await runLoop({
      name: 'test',
      firstAfterMs: 0,
      everyMs: 1,
      bell,
      turn: async () => {
        turns += 1;
        if (turns === 1) bell.ring();
        if (turns === 2) throw new Error('once');
        if (turns === 3) stop.abort();
      },
      signal: stop.signal,
      log: silent,
    });
    expect(turns).toBe(3);
  });
});

describe('createHeldAttempts()', () => {
  it('lets a worker have as many trials as it said, and never more than its slots', () => {
    const held = createHeldAttempts(2);
    expect(held.demand()).toBe(0);
    held.declareFree(5);
    expect(held.demand()).toBe(2);
    held.add(key(1), sweep('a'));
    expect(held.demand()).toBe(1);
    held.declareFree(2);
    expect(held.demand()).toBe(1);
    held.remove(key(1));
    expect(held.demand()).toBe(2);
    held.declareFree(0);
    expect(held.demand()).toBe(0);
  });

  it('tells of a cancelled sweep once, and of no other', () => {
    const held = createHeldAttempts(4);
    for (const [n, name] of ['a', 'a', 'b'].entries()) held.add(key(n), sweep(name));
    expect(held.sweeps()).toEqual(['a', 'b']);
    expect(held.takeToStop(sweep('a'))).toEqual([key(0), key(1)]);
    expect(held.takeToStop(sweep('a'))).toEqual([]);
    expect(held.sweeps()).toEqual(['b']);
  });

  it('drops an attempt whose lease is lost, and keeps a stopped one until its result comes', () => {
    const held = createHeldAttempts(2);
    held.add(key(1), sweep('a'));
    held.add(key(2), sweep('a'));
    held.declareFree(2);
    held.follow([
      { ...key(1), wanted: 'STOP', reason: 'lease lost' },
      { ...key(2), wanted: 'STOP', reason: 'cancelled' },
    ]);
    expect(held.demand()).toBe(1);
    expect(held.sweeps()).toEqual([]);
  });
});

describe('createBestPointsReader()', () => {
  const trials = (SUCCEEDED: number) => ({ ...countStates([]), SUCCEEDED });
  const running = { id: sweep('a'), state: SweepState.RUNNING };

  it('reads again only when trials have moved, and of a running sweep not all the time', async () => {
    let [nowMs, reads] = [0, 0];
    const readSummaryRows = async () => {
      reads += 1;
      nowMs += 100;
      return [];
    };
    const read = createBestPointsReader({ readSummaryRows }, { now: () => nowMs });
    await Promise.all([read(running, trials(1)), read(running, trials(1))]);
    expect(reads).toBe(1);
    await read(running, trials(2));
    expect(reads).toBe(1);
    nowMs += 1000;
    await read(running, trials(2));
    expect(reads).toBe(2);
    await read({ ...running, state: SweepState.COMPLETED }, trials(3));
    expect(reads).toBe(3);
    nowMs += 1_000_000;
    await read({ ...running, state: SweepState.COMPLETED }, trials(3));
    expect(reads).toBe(3);
  });

  it('does not remember a failure', async () => {
    let reads = 0;
    const readSummaryRows = async () => {
      reads += 1;
      if (reads === 1) throw new AbkdError('UNAVAILABLE', 'Cannot read');
      return [];
    };
    const read = createBestPointsReader({ readSummaryRows }, { now: () => 0 });
    await expect(read(running, trials(1))).rejects.toThrow('Cannot read');
    expect((await read(running, trials(1))).size).toBe(0);
  });
});

describe('toGrpcStatus()', () => {
  it('gives our own errors with their problems, shortened to what a trailer carries', () => {
    const problems = Array.from({ length: 500 }, (_, n) => ({ path: `tasks[${n}]`, message: 'is wrong' }));
    const answer = toGrpcStatus(new AbkdError('INVALID_SPEC', 'Cannot accept spec', { details: { problems } }), silent);
    expect(answer.code).toBe(status.INVALID_ARGUMENT);
    expect(answer.details).toMatch(/^Cannot accept spec\n- tasks\[0\]: is wrong\n/);
    expect(answer.details.length).toBeLessThan(4_100);
  });

  it('gives nothing of an unknown error but the reference under which it was logged', () => {
    const lines: string[] = [];
    const log = createLogger('test', { to: { write: (line) => void lines.push(line) } });
    const { code, details } = toGrpcStatus(new Error('password is hunter2'), log);
    expect(code).toBe(status.INTERNAL);
    expect(details).not.toContain('hunter2');
    expect(lines[0]).toContain(/reference (\S+)/.exec(details)![1]);
  });
});

describe('createLifecycle()', () => {
  it('closes everything once, the last first, also past a part that fails', async () => {
    const closed: string[] = [];
    const lifecycle = createLifecycle(silent);
    lifecycle.add('first', () => void closed.push('first'));
    lifecycle.add('broken', () => {
      throw new Error('broken');
    });
    lifecycle.add('last', async () => void closed.push('last'));
    await Promise.all([lifecycle.close(), lifecycle.close()]);
    expect(closed).toEqual(['last', 'first']);
  });
});

describe('local artifacts', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'abkd-artifacts-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  const content = randomBytes(200_000);
  const sha256 = createHash('sha256').update(content).digest('hex');
  const parts = async function* (...chunks: readonly Buffer[]) {
    yield* chunks;
  };

  it('come back byte for byte', async () => {
    const files = await openLocalArtifacts(folder);
    await files.keep(parts(content.subarray(0, 1000), content.subarray(1000)), { sha256, sizeBytes: content.length });
    const read: Uint8Array[] = [];
    for await (const chunk of files.read(sha256)) read.push(chunk);
    expect(Buffer.concat(read).equals(content)).toBe(true);
  });

  it.each([
    ['half of the content', [content.subarray(0, 1000)]],
    ['more than the content', [content, content]],
    ['other content', [Buffer.alloc(content.length)]],
  ])('are not kept where %s comes, and leave no file', async (_title, chunks) => {
    const files = await openLocalArtifacts(folder);
    const kept = files.keep(parts(...chunks), { sha256, sizeBytes: content.length });
    await expect(kept).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    expect(await readdir(folder)).toEqual(['incoming']);
    expect(await readdir(join(folder, 'incoming'))).toEqual([]);
  });

  it('that an ended process left half uploaded are removed, fresh ones are not', async () => {
    await openLocalArtifacts(folder);
    const [old, fresh] = [join(folder, 'incoming', 'old'), join(folder, 'incoming', 'fresh')];
    for (const path of [old, fresh]) await writeFile(path, 'half');
    await utimes(old, 0, 0);
    await openLocalArtifacts(folder);
    expect(await readdir(join(folder, 'incoming'))).toEqual(['fresh']);
  });

  it.each(['../../etc/passwd', sha256.toUpperCase(), ''])('refuse the name %j', async (name) => {
    const files = await openLocalArtifacts(folder);
    await expect(files.keep(parts(content), { sha256: name, sizeBytes: 1 })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
    });
  });
});
