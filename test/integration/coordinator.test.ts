/** Several coordinators on one real database: what must hold when they come, go, and lose the database. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { status } from '@grpc/grpc-js';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openNatsChannel } from '../../coordinator/bus/nats-bus.ts';
import { readCoordinatorConfig } from '../../coordinator/config.ts';
import { startCoordinator } from '../../coordinator/coordinator.ts';
import type { HealthAnswer } from '../../core/api/fleet.ts';
import type { SweepAnswer } from '../../core/api/sweep.ts';
import type { TrialDetail } from '../../core/api/trial.ts';
import { createLogger } from '../../platform/logger.ts';
import { createTestCoordinators, type TestCoordinators } from '../support/coordinator.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { call, get, noopSpec, submit } from '../support/rest.ts';
import { attachScriptedWorker, keyOf, success, workerHello } from '../support/scripted-worker.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';

const soon = { timeoutMs: 15_000 };
let database: TestDatabase;
let coordinators: TestCoordinators;

beforeAll(async () => {
  database = await createTestDatabase();
  coordinators = await createTestCoordinators(database.connectionString);
});
afterAll(async () => {
  await coordinators.stopAll();
  await database.drop();
});
/** Nothing is left for the workers of the next test. */
afterEach(async () => {
  await withClient((client) => client.query('TRUNCATE sweeps CASCADE'));
});

/** One trial. */
const one = noopSpec({ search: { space: { alpha: { values: [0.2] }, beta: { values: [0.5] } } } });
const historyOf = async (httpUrl: string, trialId: string) => {
  const { state, history, selectionValue } = await get<TrialDetail>(`${httpUrl}/api/v1/trials/${trialId}`);
  return { state, selectionValue, attempts: history.map((attempt) => attempt.state) };
};

async function withClient<Value>(run: (client: pg.Client) => Promise<Value>): Promise<Value> {
  const url = new URL(database.connectionString);
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    return await run(client);
  } finally {
    await client.end();
  }
}

describe('two coordinators', () => {
  it('tell each other of new work without waiting for a poll', async () => {
    const never = { ABKD_POLL_SECONDS: '60' };
    const [a, b] = [await coordinators.start(never), await coordinators.start(never)];
    await eventually(async () => {
      expect((await get<HealthAnswer>(`${a.httpUrl}/healthz`)).checks.notify).toBe('ok');
    }, soon);
    const worker = attachScriptedWorker(a.grpcAddress);
    await worker.take('welcome');
    worker.ready(1);
    // Answered after the look for work that `ready` started, so that only a hint can bring what comes later.
    worker.send({ $case: 'renew', value: { attempts: [] } });
    await worker.take('wanted');
    await submit(b.httpUrl, one);
    worker.report(keyOf(await worker.take('assign')), success(1));
    expect((await worker.take('ack')).accepted).toBe(true);
    worker.drop();
  });

  it('cancel through the one stops at once what runs through the other', async () => {
    const slow = { ABKD_LEASE_SECONDS: '600', ABKD_RENEW_SECONDS: '300' };
    const [a, b] = [await coordinators.start(slow), await coordinators.start(slow)];
    const created = await submit(a.httpUrl, one);
    const worker = attachScriptedWorker(a.grpcAddress);
    worker.ready(1);
    const key = keyOf(await worker.take('assign'));
    expect((await call(`${b.httpUrl}${created.links.cancel}`, { method: 'POST' })).status).toBe(200);
    const { attempts } = await worker.take('wanted');
    expect(attempts).toEqual([{ attempt: key, state: 3, reason: 'cancelled' }]);
    worker.report(key, { kind: 'stopped', requeue: false });
    expect((await worker.take('ack')).accepted).toBe(true);
    expect(await historyOf(b.httpUrl, key.trialId)).toMatchObject({ state: 'CANCELLED', attempts: ['CANCELLED'] });
    worker.drop();
  });
});

describe('a trial', () => {
  it('whose worker falls silent goes to another, and the late result is refused and kept', async () => {
    const coordinator = await coordinators.start({ ABKD_LEASE_SECONDS: '1', ABKD_RENEW_SECONDS: '0.3' });
    await submit(coordinator.httpUrl, one);
    const silent = attachScriptedWorker(coordinator.grpcAddress, workerHello({ name: 'silent' }));
    silent.ready(1);
    const lost = keyOf(await silent.take('assign'));
    const other = attachScriptedWorker(coordinator.grpcAddress, workerHello({ name: 'other' }));
    other.ready(1);
    const again = keyOf(await other.take('assign'));
    expect(again).toEqual({ trialId: lost.trialId, attempt: 2 });

    silent.report(lost, success(99));
    expect((await silent.take('ack')).accepted).toBe(false);
    silent.send({
      $case: 'measurements',
      value: { sequence: 9, attempt: lost, measurements: [{ step: 1, values: { loss: 1 } }] },
    });
    expect((await silent.take('ack')).accepted).toBe(false);
    silent.send({ $case: 'renew', value: { attempts: [lost] } });
    expect((await silent.take('wanted')).attempts).toEqual([{ attempt: lost, state: 3, reason: 'lease lost' }]);

    other.report(again, success(7));
    expect((await other.take('ack')).accepted).toBe(true);
    other.report(again, success(7));
    expect((await other.take('ack')).accepted).toBe(true);
    expect(await historyOf(coordinator.httpUrl, lost.trialId)).toEqual({
      state: 'SUCCEEDED',
      selectionValue: 7,
      attempts: ['REFUSED', 'SUCCEEDED'],
    });
    silent.drop();
    other.drop();
  });

  it('goes on over a restart of its coordinator, on the same attempt', async () => {
    const before = await coordinators.start();
    await submit(before.httpUrl, one);
    const hello = workerHello();
    const first = attachScriptedWorker(before.grpcAddress, hello);
    first.ready(1);
    const key = keyOf(await first.take('assign'));
    await before.stop();
    expect((await first.ended).code).toBe(status.UNAVAILABLE);

    const after = await coordinators.start();
    const second = attachScriptedWorker(after.grpcAddress, hello, { held: [key] });
    expect((await second.take('welcome')).held).toEqual([{ attempt: key, state: 1, reason: '' }]);
    second.report(key, success(3));
    expect((await second.take('ack')).accepted).toBe(true);
    expect(await historyOf(after.httpUrl, key.trialId)).toEqual({
      state: 'SUCCEEDED',
      selectionValue: 3,
      attempts: ['SUCCEEDED'],
    });
    second.drop();
  });

  it('whose result cannot be stored loses nothing: no acknowledgement, and the repeated result counts', async () => {
    const proxy = await startTcpProxy(new URL(database.connectionString));
    const coordinator = await coordinators.start({ DATABASE_URL: proxy.url });
    await submit(coordinator.httpUrl, one);
    const hello = workerHello();
    const worker = attachScriptedWorker(coordinator.grpcAddress, hello);
    worker.ready(1);
    const key = keyOf(await worker.take('assign'));
    await proxy.close();
    worker.report(key, success(5));
    expect((await worker.ended).code).toBe(status.UNAVAILABLE);
    expect(worker.pending('ack')).toBe(0);
    expect((await call<HealthAnswer>(`${coordinator.httpUrl}/readyz`)).status).toBe(503);
    expect((await call(`${coordinator.httpUrl}/api/v1/sweeps`)).status).toBe(503);
    await proxy.open();
    await eventually(async () => {
      expect((await call(`${coordinator.httpUrl}/readyz`)).status).toBe(200);
    }, soon);
    const again = attachScriptedWorker(coordinator.grpcAddress, hello, { held: [key] });
    await again.take('welcome');
    again.report(key, success(5));
    expect((await again.take('ack')).accepted).toBe(true);
    expect(await historyOf(coordinator.httpUrl, key.trialId)).toMatchObject({ state: 'SUCCEEDED', selectionValue: 5 });
    again.drop();
    await coordinator.stop();
    await proxy.close();
  });
});

describe('a coordinator', () => {
  it('logs what happens to sweeps, trials and workers, one line each, and no secret', async () => {
    const coordinator = await coordinators.start();
    const created = await submit(coordinator.httpUrl, one);
    const worker = attachScriptedWorker(coordinator.grpcAddress);
    worker.ready(1);
    const key = keyOf(await worker.take('assign'));
    worker.report(key, success(1));
    await worker.take('ack');
    await eventually(async () => {
      expect((await get<SweepAnswer>(`${coordinator.httpUrl}/api/v1/sweeps/${created.id}`)).state).toBe('COMPLETED');
    }, soon);
    worker.drop();
    await coordinator.stop();
    const linesOf = (id: string) =>
      coordinators.logged.filter((line) => JSON.stringify(line).includes(id)).map(({ msg }) => msg);
    expect(linesOf(created.id)).toEqual(['sweep created', 'trial claimed', 'sweep settled']);
    expect(linesOf(key.trialId)).toEqual(['trial claimed', 'trial finished']);
    expect(linesOf(worker.id)).toEqual(['worker attached', 'trial claimed', 'worker detached']);
    const { password } = new URL(database.connectionString);
    if (password !== '') expect(JSON.stringify(coordinators.logged)).not.toContain(password);
  });

  it('leaves no session in the database when it has stopped, and stops twice without harm', async () => {
    const coordinator = await coordinators.start();
    const worker = attachScriptedWorker(coordinator.grpcAddress);
    await worker.take('welcome');
    await coordinators.stopAll();
    await coordinator.stop();
    const { rows } = await withClient((client) =>
      client.query<{ n: number }>(
        `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
      ),
    );
    expect(rows[0]!.n).toBe(0);
    expect((await worker.ended).code).toBe(status.UNAVAILABLE);
    await expect(fetch(coordinator.httpUrl)).rejects.toThrow();
  });

  it('says which port is taken, and closes what it had opened', async () => {
    const taken = createServer();
    taken.listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const port = String((taken.address() as AddressInfo).port);
    for (const name of ['ABKD_HTTP_PORT', 'ABKD_GRPC_PORT']) {
      await expect(coordinators.start({ [name]: port })).rejects.toMatchObject({
        code: 'CONFLICT',
        message: expect.stringContaining(`127.0.0.1:${port}`),
      });
    }
    taken.close();
  });

  it('without a database ends with a clear error', async () => {
    const config = readCoordinatorConfig({
      DATABASE_URL: 'postgresql://u:secret@127.0.0.1:1/x',
      ABKD_LOG_LEVEL: 'silent',
    });
    await expect(startCoordinator(config)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.not.stringContaining('secret'),
    });
  });

  it('names every wrong setting and hides the secret ones', () => {
    const read = () =>
      readCoordinatorConfig({
        DATABASE_URL: 'mysql://root:secret@db/x',
        ABKD_HTTP_PORT: '70000',
        ABKD_RENEW_SECONDS: 'soon',
        NATS_URL: 'http://token@host',
      });
    const expected = ['DATABASE_URL is (hidden)', 'ABKD_HTTP_PORT is "70000"', 'ABKD_RENEW_SECONDS is "soon"'];
    for (const problem of expected) expect(read).toThrow(problem);
    expect(read).not.toThrow(/secret|token/);
    const tight = { DATABASE_URL: 'postgresql://h/x', ABKD_LEASE_SECONDS: '10', ABKD_RENEW_SECONDS: '6' };
    expect(() => readCoordinatorConfig(tight)).toThrow(/ABKD_RENEW_SECONDS.*half/);
  });
});

const hasNats = spawnSync('nats-server', ['--version']).status === 0;
if (!hasNats) console.warn('skipped: NATS hints (nats-server is not on the PATH)');

describe.skipIf(!hasNats)('hints through NATS', () => {
  it('reach the other coordinator, and come back with the server after it was away', async () => {
    const log = createLogger('test', { level: 'silent' });
    let server = await startNats(0);
    let heard = 0;
    const sender = openNatsChannel(server.url, () => undefined, log);
    const receiver = openNatsChannel(server.url, () => (heard += 1), log);
    const untilHeard = () =>
      eventually(() => {
        const before = heard;
        sender.publish();
        if (heard === before && heard < 2) throw new Error('not heard');
      }, soon);
    await eventually(() => expect([sender.health(), receiver.health()]).toEqual(['ok', 'ok']), soon);
    await untilHeard();

    await server.stop();
    await eventually(() => expect(receiver.health()).toBe('not connected'), soon);
    sender.publish();
    server = await startNats(server.port);
    await eventually(() => expect([sender.health(), receiver.health()]).toEqual(['ok', 'ok']), soon);
    heard = 0;
    await untilHeard();
    await Promise.all([sender.close(), receiver.close()]);
    await server.stop();
  });

  it('are not needed: without the server a coordinator is degraded, ready, and closes', async () => {
    const free = createServer();
    free.listen(0, '127.0.0.1');
    await once(free, 'listening');
    const { port } = free.address() as AddressInfo;
    free.close();
    await once(free, 'close');
    const coordinator = await coordinators.start({ NATS_URL: `nats://127.0.0.1:${port}` });
    const health = await get<HealthAnswer>(`${coordinator.httpUrl}/healthz`);
    expect(health).toMatchObject({ status: 'degraded', checks: { nats: 'not connected', database: 'ok' } });
    expect((await call(`${coordinator.httpUrl}/readyz`)).status).toBe(200);
    await coordinator.stop();
  });

  async function startNats(port: number) {
    const child = spawn('nats-server', ['-a', '127.0.0.1', '-p', port === 0 ? '-1' : String(port)], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let output = '';
    child.stderr.on('data', (chunk) => (output += String(chunk)));
    const bound = await eventually(() => {
      const found = /client connections on 127\.0\.0\.1:(\d+)/.exec(output)?.[1];
      if (found === undefined || !output.includes('Server is ready')) throw new Error(`nats-server: ${output}`);
      return Number(found);
    }, soon);
    return {
      url: `nats://127.0.0.1:${bound}`,
      port: bound,
      stop: async () => {
        const exited = once(child, 'exit');
        child.kill('SIGTERM');
        await exited;
      },
    };
  }
});
