import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeFolder, runCli } from '../support/cli.ts';

const spec = (search: string) => `
name: simulated
tasks: [{ dataset: mnist, teacher: { model: cnn-m }, student: { model: cnn-s } }]
objectives: [{ kind: abkd }, { kind: kd }]
search: ${search}
replicates: 2
`;
const grid = spec(
  '{ method: grid, space: { alpha: { min: 0, max: 0.3, step: 0.1 }, beta: { min: 0, max: 0.2, step: 0.1 } } }',
);

/** Of the 4 x 3 cells all but (0.2, 0.1). */
const cells = [0, 0.1, 0.2, 0.30000000000000004].flatMap((alpha) => [0, 0.1, 0.2].map((beta) => ({ alpha, beta })));
const rows = cells
  .filter(({ alpha, beta }) => alpha !== 0.2 || beta !== 0.1)
  .flatMap(({ alpha, beta }) =>
    [0, 1].map((replicate) => [alpha, beta, replicate, 90 + 10 * alpha - 20 * beta + replicate]),
  );
const csv = ['alpha,beta,replicate,value', ...rows.map((row) => row.join(','))].join('\n');

let folder: Awaited<ReturnType<typeof makeFolder>>;
beforeAll(async () => {
  folder = await makeFolder();
  await Promise.all([
    writeFile(join(folder.path, 'grid.yaml'), grid),
    writeFile(join(folder.path, 'holes.csv'), csv),
    writeFile(join(folder.path, 'full.csv'), `${csv}\n0.2,0.1,0,90\n0.2,0.1,1,91\n`),
  ]);
});
afterAll(() => folder.remove());

const simulate = (args: string) => runCli(['simulate', ...args.split(' ')], { cwd: folder.path });

describe('abkd simulate', () => {
  it('runs every cell of a grid on a table of results, and says what it found and when', async () => {
    const { code, stdout, stderr } = await simulate('grid.yaml --table full.csv --workers 4');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('abkd, grid: 12 points × 2 seeds, 4 workers');
    expect(stdout).toMatch(/time +as long as 6 trials, with one worker as 24\n/);
    expect(stdout).toMatch(/best +α=0\.3 β=0: 93\.50\n/);
    expect(stdout).toMatch(/regret +0\.000; the best of the space is 93\.500\n/);
    expect(stdout).toMatch(/within 0\.1 +after 22 trials\n/);
  });

  it('prints one JSON document with every search, the same again for the same seeds', async () => {
    const call = 'grid.yaml --function branin --seeds 3 --json';
    const [first, again] = await Promise.all([simulate(call), simulate(call)]);
    expect(again).toEqual(first);
    const [search] = JSON.parse(first.stdout);
    expect(search).toMatchObject({ objective: 'abkd', method: 'grid', replicates: { min: 2, max: 2 }, workers: 8 });
    expect(search.searches.map(({ seed }: { readonly seed: number }) => seed)).toEqual([0, 1, 2]);
    for (const { points, progress, events, regrets, trials } of search.searches) {
      expect([points.length, progress.length, events.length, regrets.length, trials]).toEqual([12, 24, 48, 24, 24]);
      // A grid tries the best of the space, and without noise knows it.
      expect(regrets.at(-1)).toBe(0);
    }
  });

  it.each([
    ['grid.yaml --table holes.csv', 1, /1 of 12 cells .*: alpha=0\.2,beta=0\.1; --nearest takes the nearest/],
    ['grid.yaml --function rosenbrock', 2, /"rosenbrock", expected one of branin, .*abSurface\[:SEED\]/],
    ['grid.yaml', 2, /expected either --table FILE or --function NAME/],
  ])('refuses "%s"', async (call, exitCode, reason) => {
    const { code, stdout, stderr } = await simulate(call);
    expect([code, stdout, stderr]).toEqual([exitCode, '', expect.stringMatching(reason)]);
  });
});
