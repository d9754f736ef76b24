import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Bench } from '../../bench/bench.ts';
import { readCommandLine } from '../../bench/command-line.ts';
import { startContestant } from '../../bench/contestant.ts';
import { createPartClock } from '../../bench/part-clock.ts';
import { regret } from '../../bench/regret.ts';
import { toTable } from '../../bench/table.ts';
import { trainStep } from '../../bench/train-step.ts';

const small: Bench = {
  summary: 'small',
  options: ['quick'],
  peers: [],
  run: async () => ({ rows: [], problems: [] }),
};
const benches = new Map([
  ['train-step', trainStep],
  ['small', small],
  ['regret', regret],
]);
const read = (line: string) => {
  const command = readCommandLine(line.split(' '), benches);
  if (command.kind === 'help') throw new Error('it is help');
  return command;
};

describe('readCommandLine()', () => {
  it('reads a bench and its options', () => {
    expect(read('train-step --backend wasm,cpu --peer torch --python /opt/python --json')).toMatchObject({
      name: 'train-step',
      json: true,
      options: { backends: ['wasm', 'cpu'], models: null, peer: 'torch', python: '/opt/python', quick: false },
    });
    expect(read('regret --function branin,ackley2 --strategy gp --seeds 5')).toMatchObject({
      options: { functions: ['branin', 'ackley2'], strategies: ['gp'], seeds: 5 },
    });
    expect(read('small')).toMatchObject({ options: { backends: ['auto'], peer: null } });
  });

  it.each([
    ['train', /bench "train": unknown, expected one of train-step, small, regret/],
    ['small train-step', /bench "small train-step": unknown/],
    ['train-step --fast', /Unknown option '--fast'/],
    ['small --backend wasm', /bench small with --backend: expected --quick or --json/],
    ['train-step --peer jax', /peer "jax": unknown to train-step, expected torch/],
    ['regret --peer torch', /peer "torch": unknown to regret, expected optuna/],
    ['regret --seeds 0', /--seeds "0": expected a whole number from 1/],
    ['train-step --model resnet20,', /--model "resnet20,": expected names with commas/],
  ])('refuses "%s"', (line, reason) => {
    expect(() => read(line)).toThrow(reason);
  });
});

it.each([
  [['wasm'], ['resnet21'], /model "resnet21": unknown, expected some of .*resnet20/],
  [['wasm', 'cuda'], null, /backend "cuda": unknown, expected all, or some of auto, .*wasm/],
])('train-step refuses backends %o and models %o before it measures', async (backends, models, reason) => {
  const options = { ...read('train-step --quick').options, backends, models };
  await expect(trainStep.run(options, () => undefined)).rejects.toThrow(reason);
});

describe('startContestant()', () => {
  const replySchema = z.object({ doubled: z.number() });
  const doubling = `
    console.log('a library greets');
    console.log(JSON.stringify({ doubled: 2 * JSON.parse(process.argv[1]).first }));
    process.stdin.on('data', (line) => {
      const { number } = JSON.parse(line);
      console.log(JSON.stringify(number < 0 ? { error: 'it is negative' } : { doubled: 2 * number }));
    });`;

  it('asks a program line by line and passes its own reason on', async () => {
    await using program = startContestant(process.execPath, ['-e', doubling], { first: 1 });
    expect(await program.ready(replySchema)).toEqual({ doubled: 2 });
    expect(await program.ask({ number: 21 }, replySchema)).toEqual({ doubled: 42 });
    await expect(program.ask({ number: -1 }, replySchema)).rejects.toThrow('it is negative');
  });

  it.each([
    ['a program that ends', process.execPath, 'throw new Error("no memory")', /exit code 1/],
    ['a program that is not there', '/nowhere/python', '', /ENOENT/],
  ])('explains %s', async (_, command, code, reason) => {
    await using program = startContestant(command, ['-e', code], {});
    await expect(program.ready(replySchema)).rejects.toThrow(reason);
  });
});

it('toTable() aligns columns, shortens numbers and writes shares as percent', () => {
  const rows = [
    { model: 'resnet20', imagesPerSec: 123.4567, ratio: 0.28712, shares: { data: 0.004, student: 0.996 } },
    { model: 'vgg8', imagesPerSec: 9.87654, ratio: null, shares: null },
  ];
  expect(toTable(rows)).toBe(
    [
      'model     imagesPerSec  ratio  shares',
      'resnet20  123           0.287  data 0.4%, student 99.6%',
      'vgg8      9.88          -      -',
      '',
    ].join('\n'),
  );
  expect(toTable([])).toBe('');
});

it('createPartClock() takes inner parts out of outer ones', () => {
  const clock = createPartClock();
  const busy = (ms: number) => {
    const until = performance.now() + ms;
    while (performance.now() < until);
  };
  clock.time('outer', () => {
    clock.time('inner', () => busy(20));
  });
  const { outer, inner } = clock.shares();
  expect(outer! + inner!).toBeCloseTo(1, 12);
  expect(inner).toBeGreaterThan(outer!);
});
