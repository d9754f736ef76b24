import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeFolder, noopSpec, runCli } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import { assertGone, createPrograms, findDescendants } from '../support/processes.ts';
import { killRecorded, readSweep, readTrials, recordedPids, startUp, stateOf, submitSpec } from '../support/up.ts';

const programs = createPrograms();
let folder: Awaited<ReturnType<typeof makeFolder>>;
let home: string;

beforeEach(async () => {
  folder = await makeFolder();
  home = `${folder.path}/home`;
});
afterEach(async () => {
  await programs.killAll();
  await killRecorded(home);
  await folder.remove();
});

describe('abkd up', () => {
  test('runs a sweep, refuses a second one on its home, leaves no process at Ctrl-C, and keeps the data', async () => {
    const first = await startUp(programs, home, { workers: 1 });
    const id = await submitSpec(first.httpUrl, noopSpec({ durationMs: 20 }));
    await eventually(
      async () => expect(await readSweep(first.httpUrl, id)).toMatchObject({ state: 'COMPLETED' }),
      patient,
    );

    const second = await runCli(['up', '--home', home, '--http-port', '0', '--grpc-port', '0']);
    expect(second.code).toBe(1);
    expect(second.stderr).toContain(`process ${first.program.pid} runs there already, at ${first.httpUrl}`);
    expect(second.stdout).toBe('');

    const pids = [...(await recordedPids(home)), ...(await findDescendants(first.program.pid))];
    expect(pids.length).toBeGreaterThanOrEqual(3);
    first.program.kill('SIGINT');
    expect(await first.program.ended).toEqual({ code: 0, signal: null });
    await eventually(() => assertGone(pids), { timeoutMs: 5_000 });
    await expect(stateOf(home)).rejects.toThrow('No state');

    const again = await startUp(programs, home, { workers: 0 });
    expect((await readSweep(again.httpUrl, id)).trials.SUCCEEDED).toBe(10);
    again.program.kill('SIGTERM');
    expect((await again.program.ended).code).toBe(0);
  });

  test('after kill -9 the next one adopts what still runs, replaces what does not, and the sweep goes on', async () => {
    const first = await startUp(programs, home, { workers: 2 });
    const id = await submitSpec(first.httpUrl, noopSpec({ durationMs: 800 }));
    await eventually(async () => {
      expect((await readSweep(first.httpUrl, id)).trials.SUCCEEDED).toBeGreaterThanOrEqual(2);
      expect((await readSweep(first.httpUrl, id)).trials.RUNNING).toBe(2);
    }, patient);
    const before = await stateOf(home);
    const [postgres] = await recordedPids(home);
    const [kept, killed] = before.workers.map(({ process }) => process.pid);

    first.program.kill('SIGKILL');
    await first.program.ended;
    process.kill(killed!, 'SIGKILL');

    const next = await startUp(programs, home, { workers: 2 });
    expect(next.grpcAddress).toBe(first.grpcAddress);
    await eventually(async () => {
      const { workers } = await stateOf(home);
      expect(workers.map(({ name }) => name).sort()).toEqual(['local-1', 'local-2']);
      expect(workers.map(({ process }) => process.pid)).toContain(kept);
      expect(workers.map(({ process }) => process.pid)).not.toContain(killed);
    }, patient);
    expect((await recordedPids(home))[0]).toBe(postgres);

    await eventually(
      async () => expect(await readSweep(next.httpUrl, id)).toMatchObject({ state: 'COMPLETED' }),
      patient,
    );
    const trials = await readTrials(next.httpUrl, id);
    expect(trials).toHaveLength(10);
    for (const { state, history } of trials) {
      expect(state).toBe('SUCCEEDED');
      expect(history.filter((attempt) => attempt.state === 'SUCCEEDED')).toHaveLength(1);
    }
    const pids = await recordedPids(home);
    next.program.kill('SIGINT');
    expect((await next.program.ended).code).toBe(0);
    await eventually(() => assertGone(pids), { timeoutMs: 5_000 });
  });

  test('a worker that dies is started again, and its log is named', async () => {
    const { program } = await startUp(programs, home, { workers: 1 });
    const pidOfWorker = async () => {
      const pid = (await stateOf(home)).workers[0]?.process.pid;
      expect(pid).toBeDefined();
      return pid!;
    };
    const first = await eventually(pidOfWorker, patient);
    process.kill(first, 'SIGKILL');
    await program.line(/local-1 ended \(SIGKILL\); starting it again in 1 s; see .*logs\/local-1\.log/);
    await eventually(async () => expect(await pidOfWorker()).not.toBe(first), patient);
  });

  test('a taken port is refused by the name of its setting, and nothing is left running', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as { port: number };
    for (const [option, setting] of [
      ['--http-port', 'ABKD_HTTP_PORT'],
      ['--grpc-port', 'ABKD_GRPC_PORT'],
    ] as const) {
      const free = option === '--http-port' ? '--grpc-port' : '--http-port';
      const refused = await runCli(['up', '--home', home, '--workers', '0', option, String(port), free, '0']);
      expect(refused.code).not.toBe(0);
      expect(refused.stderr).toContain(`${port}`);
      expect(refused.stderr).toContain(setting);
      await expect(recordedPids(home)).rejects.toThrow('postmaster.pid');
    }
    other.close();
  });
});

const patient = { timeoutMs: 60_000 };
