import { describe, expect, it } from 'vitest';
import { createDeferred } from '../../platform/async.ts';
import { type FindSharedFile, relaySharedFiles } from '../../worker/shared-file-relay.ts';
import type { ToTrialProcess } from '../../worker/trial/messages.ts';
import { createSharedFileRequests, type SharedFileRequests } from '../../worker/trial/shared-file-requests.ts';

const request = { scope: 'host', key: 'images:1', expectedBytes: 0 } as const;
const never = new AbortController().signal;

/** Both ends of the conversation, joined without a process between them. */
function join(find: FindSharedFile, trialOver: AbortSignal = never) {
  const toTrial = (message: ToTrialProcess) => {
    if ('requestId' in message) queueMicrotask(() => requests.answer(message));
  };
  const relay = relaySharedFiles({ send: toTrial }, find, trialOver);
  const requests: SharedFileRequests = createSharedFileRequests((message) =>
    queueMicrotask(() => relay.receive(message)),
  );
  return { ask: requests.ask, waiting: relay.waiting };
}

const buildAndKeep: FindSharedFile = async (_, build) => ({
  path: '/kept',
  sha256: 'abc',
  metadata: await build('/new'),
});

describe('a trial that asks for a shared file', () => {
  it('gets what the agent finds', async () => {
    const { ask } = join(async ({ scope, key }) => ({ path: `/${scope}/${key}`, sha256: 'abc', metadata: 1 }));
    const refuse = () => Promise.reject(new Error('nobody asked for a build'));
    expect(await ask(request, refuse, never)).toEqual({ path: '/host/images:1', sha256: 'abc', metadata: 1 });
  });

  it('builds it where the agent says', async () => {
    const { ask } = join(buildAndKeep);
    expect(await ask(request, async (path) => ({ builtAt: path }), never)).toEqual({
      path: '/kept',
      sha256: 'abc',
      metadata: { builtAt: '/new' },
    });
  });

  it('gets its own error back when its build fails, and the agent learns the reason', async () => {
    const reasons: unknown[] = [];
    const { ask } = join((wanted, build, signal) =>
      buildAndKeep(wanted, build, signal).catch((error) => {
        reasons.push(error);
        throw error;
      }),
    );
    const mine = new TypeError('labels are missing');
    await expect(ask(request, () => Promise.reject(mine), never)).rejects.toBe(mine);
    expect(String(reasons[0])).toMatch(/labels are missing/);
  });

  it('gets the reason where the agent cannot find it', async () => {
    const { ask } = join(() => Promise.reject(new Error('disk full')));
    await expect(ask(request, async () => null, never)).rejects.toThrow('disk full');
  });

  it('counts as waiting while others build, and not while it builds itself', async () => {
    const [elsewhere, here] = [createDeferred<void>(), createDeferred<void>()];
    const { ask, waiting } = join(async (wanted, build, signal) => {
      await elsewhere.promise;
      return buildAndKeep(wanted, build, signal);
    });
    const building = createDeferred<void>();
    const file = ask(
      request,
      () => {
        building.resolve();
        return here.promise;
      },
      never,
    );
    await new Promise((resolve) => setImmediate(resolve));
    expect(waiting()).toBe(1);
    elsewhere.resolve();
    await building.promise;
    expect(waiting()).toBe(0);
    here.resolve();
    await file;
    expect(waiting()).toBe(0);
  });

  it('stops at once while it waits, but only after its own build has ended', async () => {
    const stop = new AbortController();
    const waits = join(() => new Promise(() => undefined));
    const waiting = waits.ask(request, async () => null, stop.signal);
    const building = createDeferred<void>();
    const endOfBuild = createDeferred<void>();
    const builds = join(buildAndKeep);
    let settled = false;
    const built = builds
      .ask(
        { ...request, key: 'images:2' },
        async () => {
          building.resolve();
          await endOfBuild.promise;
          stop.signal.throwIfAborted();
        },
        stop.signal,
      )
      .finally(() => {
        settled = true;
      });
    await building.promise;
    stop.abort(new Error('told to stop'));
    await expect(waiting).rejects.toThrow('told to stop');
    expect(settled).toBe(false);
    endOfBuild.resolve();
    await expect(built).rejects.toThrow('told to stop');
  });

  it('lets go of a build whose process has ended', async () => {
    const trialOver = new AbortController();
    const outcome = createDeferred<unknown>();
    const started = createDeferred<void>();
    const { ask } = join(async (wanted, build, signal) => {
      try {
        return await buildAndKeep(wanted, build, signal);
      } catch (error) {
        outcome.resolve(error);
        throw error;
      }
    }, trialOver.signal);
    ask(
      request,
      () => {
        started.resolve();
        return new Promise(() => undefined);
      },
      never,
    ).catch(() => undefined);
    await started.promise;
    trialOver.abort();
    expect(String(await outcome.promise)).toMatch(/ended before the file was built/);
  });
});
