import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SummaryAnswer } from '../../core/api/summary.ts';
import type { RerunAnswer, SweepAnswer } from '../../core/api/sweep.ts';
import { writeSafetensors } from '../../worker/models/weights/safetensors.ts';
import { type CliResult, cliPath, makeFolder, noopSpec, runCli, withoutSettings } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import { createPrograms } from '../support/processes.ts';
import { killRecorded, startUp } from '../support/up.ts';

const programs = createPrograms();
let folder: Awaited<ReturnType<typeof makeFolder>>;
let home: string;
let url: string;
let sweep: string;

/** Runs a command as a user in the folder whose `.abkd` a coordinator runs on. */
const abkd = (args: readonly string[], input?: string): Promise<CliResult> =>
  runCli(args, { cwd: folder.path, ...(input === undefined ? {} : { input }) });

beforeAll(async () => {
  folder = await makeFolder();
  home = join(folder.path, '.abkd');
  url = (await startUp(programs, home, { workers: 1 })).httpUrl;
  const submitted = await abkd(['submit', '-', '--json'], noopSpec({ durationMs: 0 }));
  expect(submitted.stderr).toBe('');
  sweep = JSON.parse(submitted.stdout).id;
  expect((await abkd(['watch', sweep])).code).toBe(0);
});
afterAll(async () => {
  await programs.killAll();
  await killRecorded(home);
  await folder.remove();
});

test('weights lists a file, and every tensor that keeps a model from taking it', async () => {
  const tensors = new Map([['conv1.weight', { shape: [8, 3, 5, 5], data: new Float32Array(600) }]]);
  await writeFile(join(folder.path, 'part.safetensors'), writeSafetensors({ tensors, metadata: {} }));
  const listed = await abkd(['weights', 'part.safetensors']);
  expect([listed.code, listed.stdout]).toEqual([0, expect.stringMatching(/^conv1\.weight +float32 +\[8, 3, 5, 5\]$/m)]);
  const checked = await abkd(['weights', 'part.safetensors', '--model', 'cnn-s', '--channels', '1']);
  expect(checked.code).toBe(1);
  expect(checked.stdout).toMatch(/conv1\.weight +has shape \[8, 3, 5, 5\], expected \[8, 1, 5, 5\]/);
  expect(checked.stdout).toMatch(/head\.bias +missing, expected shape \[10\]/);
  const taken = await abkd(['weights', 'part.safetensors', '--model', 'cnn-x']);
  expect([taken.code, taken.stderr]).toEqual([2, expect.stringContaining('expected one of cnn-s, cnn-m')]);
});

describe('reading commands', () => {
  test.each(['status', 'status latest', 'best', 'best --dataset mnist --objective abkd', 'workers', 'watch latest'])(
    '%s --json prints one JSON document and nothing else',
    async (command) => {
      const { code, stdout, stderr } = await abkd([...command.split(' '), '--json']);
      expect(() => JSON.parse(stdout)).not.toThrow();
      expect([code, stderr]).toEqual([0, '']);
    },
  );

  test('best prints the table of the finished sweep, as plain text where it is piped', async () => {
    const { code, stdout } = await abkd(['best', '--sweep', sweep.slice(0, 6)]);
    const summary: SummaryAnswer = JSON.parse((await abkd(['best', '--json'])).stdout);
    const best = summary.groups.find(({ objective }) => objective === 'abkd')?.best;
    expect(code).toBe(0);
    expect(stdout).not.toContain('\u001b');
    const row = stdout.split('\n').find((line) => line.startsWith('best '));
    expect(row).toContain(`${best?.selection.mean.toFixed(2)} ± ${best?.selection.se?.toFixed(2)} (2)`);
    for (const title of ['forward KL', 'reverse KL', 'kd']) expect(stdout).toMatch(new RegExp(`^${title} `, 'm'));
    expect(stdout).toMatch(/ANOVA: F\(\d+, \d+\) = /);
    expect(stdout).toContain('made-up surface');
  });

  test('status names the sweep in the list, and its tasks in the detail', async () => {
    expect((await abkd(['status'])).stdout).toMatch(new RegExp(`${sweep.slice(0, 8)} +noop +COMPLETED +10/10`));
    const { stdout } = await abkd(['status', sweep.slice(0, 8)]);
    expect(stdout).toContain(sweep);
    expect(stdout).toMatch(/^mnist abkd +cnn-m → cnn-s +4 +8\/8 +α=/m);
    expect(stdout).toMatch(/^mnist kd +cnn-m → cnn-s +1 +2\/2 /m);
  });

  test('workers lists the worker of `up` with its slots and datasets', async () => {
    expect((await abkd(['workers'])).stdout).toMatch(/local-1 .*ATTACHED +0\/1 .*mnist/);
  });

  test('a reader that closes the pipe ends the command without an error', async () => {
    const child = spawn('sh', ['-c', `"${process.execPath}" "${cliPath}" best --json | head -c 1`], {
      cwd: folder.path,
      env: withoutSettings(process.env),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    expect(await Promise.all([text(child.stdout), text(child.stderr)])).toEqual(['{', '']);
  });
});

describe('submit, watch, cancel', () => {
  test('submit --watch, piped, prints plain lines up to the end', async () => {
    const file = join(folder.path, 'sweep.yaml');
    await writeFile(file, noopSpec({ durationMs: 10, name: 'watched' }));
    const { code, stdout } = await abkd(['submit', file, '--watch']);
    expect(code).toBe(0);
    expect(stdout).not.toContain('\u001b');
    expect(stdout).toMatch(/^sweep [0-9a-f-]{36}: 2 tasks, 10 trials, PENDING\n/);
    expect(stdout).toMatch(/^(PENDING|RUNNING): \d+ of 10 trials/m);
    expect(stdout).toMatch(
      /COMPLETED: 10 of 10 trials succeeded, in \d+ s\nCoverage: .*10 of 10 trials, 0 repeated\n$/,
    );
  });

  test('a sweep whose trials fail ends with code 3 and the reason', async () => {
    const spec = noopSpec({ durationMs: 0, failure: 'exception', name: 'broken' });
    const { code, stdout } = await abkd(['submit', '-', '--watch'], spec);
    expect(code).toBe(3);
    expect(stdout).toMatch(/FAILED: 0 of 10 trials succeeded/);
    expect(stdout).toMatch(/10 trials: EXCEPTION: \S+/);
    const again = /`(?:.* )?(rerun [0-9a-f]{8} --failed)` runs exactly that/.exec(stdout)![1]!;
    const { stdout: queued, stderr } = await abkd(again.split(' '));
    expect(queued.split('\n')[0]).toBe('10 failed trials queued again');
    expect(stderr).toMatch(/watch [0-9a-f]{8}`/);
    expect((await abkd(['cancel', again.split(' ')[1]!])).code).toBe(0);
  });

  test('cancel stops a sweep; its watcher ends with code 3; a second cancel is refused', async () => {
    const submitted = await abkd(['submit', '-', '--json'], noopSpec({ durationMs: 60_000, name: 'endless' }));
    const { id } = JSON.parse(submitted.stdout);
    const watching = abkd(['watch', id, '--json']);
    const cancelled = await abkd(['cancel', id.slice(0, 10)]);
    expect(cancelled.stdout).toMatch(/^endless: CANCELLED/);
    const watched = await watching;
    expect(watched.code).toBe(3);
    expect((JSON.parse(watched.stdout) as SweepAnswer).state).toBe('CANCELLED');
    expect((await abkd(['cancel', id])).code).toBe(1);
    const status = await abkd(['status', id]);
    expect(status.stdout).toMatch(
      /^Coverage: 0 of \d+ cells, 0 of 10 trials, 0 repeated\n {2}missing: 10 cancelled: alpha=/m,
    );
    const rerun = await eventually(
      async () => {
        // The trial that ran is being stopped for a moment.
        const result = await abkd(['rerun', id, '--missing', '--json']);
        if (result.code !== 0) throw new Error(result.stderr);
        return JSON.parse(result.stdout) as RerunAnswer;
      },
      { timeoutMs: 30_000 },
    );
    expect(rerun).toMatchObject({ id, which: 'missing', trials: 10, points: 0, state: expect.stringMatching(/ING$/) });
    expect((await abkd(['rerun', id, '--missing'])).stderr).toMatch(/ING, expected one that is over/);
    expect((await abkd(['cancel', id])).code).toBe(0);
  });

  test('every problem of a spec is listed with its path and line, and the exit code tells', async () => {
    const spec = noopSpec({ durationMs: 0 }).replace('dataset: mnist', 'dataset: mnits').replace('step: 1', 'step: 0');
    const { code, stdout, stderr } = await abkd(['submit', '-'], spec);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^abkd: Cannot /);
    expect(stderr).toMatch(/^ {2}tasks\[0\]\.dataset \(line 4\) +.*mnits/m);
    expect(stderr).toMatch(/^ {2}search\.space\.alpha\.step \(line 13\) +/m);
    expect(stderr).not.toContain('    at ');
  });
});

describe('mistakes of the caller', () => {
  test.each([
    [['sumbit', 'x'], 'did you mean submit?'],
    [['best', '--datset', 'mnist'], 'did you mean --dataset?'],
    [['watch'], 'ID is missing'],
    [['best', '--dataset'], '--dataset needs a value'],
    [['cancel', 'one', 'two'], 'unexpected argument "two"'],
    [['rerun', 'latest'], '--failed or --missing is missing'],
    [['rerun', 'latest', '--failed', '--missing'], 'expected one of them'],
    [['up', '--workers', '-1'], '--workers'],
    [['submit', '/nowhere/x.yaml'], 'there is no such file'],
    [['watch', 'not an id'], 'expected an id'],
  ])('%j ends with code 2 and one line that helps', async (args, words) => {
    const { code, stdout, stderr } = await abkd(args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(words);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  test('an id that no sweep has is refused', async () => {
    const { code, stderr } = await abkd(['status', '00000000']);
    expect(code).toBe(1);
    expect(stderr).toContain('no id begins so');
  });

  test('without a coordinator the error names the address and how to start one, with code 4', async () => {
    const nowhere = await unusedUrl();
    const { code, stderr } = await runCli(['best'], { env: { ABKD_URL: nowhere } });
    expect(code).toBe(4);
    expect(stderr).toContain(`Cannot reach a coordinator at ${nowhere}: nobody listens there`);
    expect(stderr).toMatch(/up`/);
    expect(stderr).not.toContain('    at ');
  });

  test('another program at the address is told apart from a coordinator', async () => {
    const other = createServer((_request, response) => response.end('<html>')).listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as { port: number };
    const { code, stderr } = await runCli(['best'], { env: { ABKD_URL: `http://127.0.0.1:${port}` } });
    other.close();
    expect(code).toBe(4);
    expect(stderr).toContain('no abkd coordinator');
  });
});

test('the coordinator is found by ABKD_URL from anywhere, and by the home from its folder', async () => {
  const elsewhere = await runCli(['status', '--json'], { env: { ABKD_URL: `${url}/` } });
  const byHome = await runCli(['status', '--json'], { env: { ABKD_HOME: home } });
  expect(elsewhere.code).toBe(0);
  expect(JSON.parse(elsewhere.stdout).sweeps.length).toBeGreaterThan(0);
  expect(byHome.stdout).toBe(elsewhere.stdout);
});

test('help tells every command, with examples for each; the version is printed alone', async () => {
  const { code, stdout } = await abkd(['--help']);
  expect(code).toBe(0);
  const names = [...stdout.matchAll(/^ {2}([a-z]+) {2,}\S/gm)].map(([, name]) => name!);
  expect(names).toContain('doctor');
  const pages = await Promise.all(names.map((name) => abkd([name, '--help'])));
  for (const [index, page] of pages.entries()) {
    expect(page.code).toBe(0);
    expect(page.stdout).toContain(`Examples\n  npm run -s abkd -- ${names[index]}`);
  }
  expect((await abkd(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

async function unusedUrl(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}
