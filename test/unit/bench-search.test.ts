import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BenchOptions } from '../../bench/bench.ts';
import { regret } from '../../bench/regret.ts';
import { regretCases } from '../../bench/regret-cases.ts';
import { suggest } from '../../bench/suggest.ts';
import { sixHumpCamel } from '../../core/simulate/functions.ts';
import { makeFolder } from '../support/cli.ts';

const options: BenchOptions = {
  ...{ quick: true, backends: [], models: null, kernels: false, python: '', peer: null },
  ...{ functions: ['sixHumpCamel'], strategies: null, seeds: 2 },
};
const said: string[] = [];
const say = (line: string) => void said.push(line);

/** Stands in for Python: it always suggests (0, 0), and complains of a bench that lets too many or too few be on their way. */
const peer = `#!/usr/bin/env node
const { createInterface } = require('node:readline');
const say = (reply) => console.log(JSON.stringify(reply));
let [number, open] = [0, 0];
say({ version: 'of the test' });
createInterface({ input: process.stdin }).on('line', (line) => {
  const { start, tell = [], ask } = JSON.parse(line);
  if (start) {
    [number, open] = [0, 0];
    return say({ started: true });
  }
  open += ask - tell.length;
  if (tell.some(({ value }) => value !== 0)) return say({ error: 'the value is not that of (0, 0)' });
  if (open > 8 || (number < 52 && open !== 1 && open !== 8)) return say({ error: open + ' are on their way' });
  say({ points: Array.from({ length: ask }, () => ({ number: number++, params: { x1: 0, x2: 0 }, cpuSeconds: 0.002 })) });
});
`;

let folder: Awaited<ReturnType<typeof makeFolder>>;
let python: string;
beforeAll(async () => {
  folder = await makeFolder();
  python = join(folder.path, 'python');
  await writeFile(python, peer);
  await chmod(python, 0o755);
});
afterAll(() => folder.remove());

describe('bench regret', () => {
  it('gives each strategy a row per problem and parallelism, the same again but for the times', async () => {
    const run = async () => {
      const { rows } = await regret.run({ ...options, strategies: ['random', 'sobol'] }, say);
      return rows.map(({ p95SuggestMs, ...row }) => {
        expect(p95SuggestMs).toBeGreaterThan(0);
        return row;
      });
    };
    const rows = await run();
    expect(rows.map(({ strategy, parallel, seeds }) => [strategy, parallel, seeds])).toEqual([
      ['random', 1, 2],
      ['sobol', 1, 2],
      ['random', 8, 2],
      ['sobol', 8, 2],
    ]);
    for (const { function: name, noise, medianRegret, pWilcoxon } of rows) {
      expect([name, noise, pWilcoxon]).toEqual(['sixHumpCamel', 0, null]);
      expect(medianRegret).toBeGreaterThan(0);
    }
    expect(await run()).toEqual(rows);
  });

  it('keeps a constant number of trials of the peer on their way, and judges it as ours', async () => {
    const { rows } = await regret.run(
      { ...options, peer: 'optuna', python, strategies: ['random', 'optuna-random'] },
      say,
    );
    const theirs = rows.filter(({ strategy }) => strategy === 'optuna-random');
    for (const row of theirs) {
      expect(row).toMatchObject({ medianRegret: sixHumpCamel.optimum, hitRate: 0, medianToOnePercent: null });
      expect(row.p95SuggestMs).toBeCloseTo(2, 12);
    }
    // Two searches that both never come there tell nothing.
    expect(rows.map(({ pWilcoxon }) => pWilcoxon)).toEqual([1, null, 1, null]);
  });

  it.each([
    [{ functions: ['rosenbrock'] }, 'function "rosenbrock": unknown, expected some of branin'],
    [{ strategies: ['optuna-gp'] }, 'strategy "optuna-gp": unknown, expected some of random'],
  ])('refuses %o', async (given, reason) => {
    await expect(regret.run({ ...options, ...given }, say)).rejects.toThrow(reason);
  });
});

describe('the problems of regret', () => {
  const named = (name: string) => regretCases.find((each) => each.name === name)!;

  it('add the same noise for the same seed, trial by trial, whoever asks', () => {
    const at = { x1: 1, x2: 2 };
    const values = (seed: number) => {
      const { evaluate } = named('braninNoisy').open(seed);
      return Array.from({ length: 200 }, () => evaluate(at));
    };
    expect(values(1)).toEqual(values(1));
    expect(values(2)).not.toEqual(values(1));
    const errors = values(3).map((value) => value - named('branin').open(3).evaluate(at));
    const sd = Math.sqrt(errors.reduce((sum, error) => sum + error * error, 0) / errors.length);
    expect(sd).toBeGreaterThan(0.85);
    expect(sd).toBeLessThan(1.15);
  });

  it('train a cell that is tried again under its next seed, also where doubles write it differently', () => {
    const [ours, theirs] = [named('abSurface').open(4), named('abSurface').open(4)];
    const first = ours.evaluate({ alpha: 0.3, beta: 0.1 });
    expect(theirs.evaluate({ beta: 0.1, alpha: 0.30000000000000004 })).toBe(first);
    expect(theirs.evaluate({ alpha: 0.3, beta: 0.1 })).not.toBe(first);
  });
});

it('bench suggest times ours and the peer after as many observations', async () => {
  const { rows } = await suggest.run({ ...options, functions: ['branin'], strategies: ['gp'] }, say);
  expect(rows.map(({ dims, observations }) => [dims, observations])).toEqual([
    [2, 50],
    [2, 200],
  ]);
  for (const { p50Ms, p95Ms, mostMs, peerP95Ms } of rows) {
    expect(p50Ms).toBeGreaterThan(0);
    expect(Number(p95Ms)).toBeGreaterThanOrEqual(Number(p50Ms));
    expect(Number(mostMs)).toBeGreaterThanOrEqual(Number(p95Ms));
    expect(peerP95Ms).toBeNull();
  }
});
