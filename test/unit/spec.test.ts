import { describe, expect, it } from 'vitest';
import type { SweepPlan } from '../../core/plan.ts';
import { expandSpec } from '../../core/spec/expand.ts';
import { checkSpec, parseSpec } from '../../core/spec/parse.ts';
import { type SweepSpec, specJsonSchema } from '../../core/spec/schema.ts';
import { searchOfTask } from '../../core/spec/task-search.ts';
import { taskDefinitionSchema } from '../../core/task.ts';
import { goodSpec } from '../support/broken-specs.ts';

type Document = Readonly<Record<string, unknown>>;

const plan = (change: Document = {}): SweepPlan => expandSpec(checkSpec({ ...goodSpec, ...change }));
const search = (change: Document): Document => ({ search: { ...goodSpec.search, ...change } });
const cells = (sweep: SweepPlan, task = 0) => sweep.tasks[task]!.points.map(({ cell }) => cell);
const seeds = (sweep: SweepPlan, task = 0, point = 0) =>
  sweep.tasks[task]!.points[point]!.trials.map(({ seed }) => seed);
const allObjectives = { objectives: [{ kind: 'abkd' }, { kind: 'kd' }, { kind: 'ce' }] };

describe('parseSpec()', () => {
  it('reads the same spec from JSON and from YAML, with its defaults', () => {
    const yaml = `
name: good
tasks:
  - &pair { dataset: mnist, teacher: { model: cnn-m, train: { epochs: 1 } }, student: { model: cnn-s } }
objectives: [{ kind: abkd }]
search:
  space:
    alpha: &unit { min: 0, max: 1, step: 0.5 }
    beta: *unit
`;
    const spec = parseSpec(yaml, 'application/yaml; charset=utf-8');
    expect(spec).toEqual(parseSpec(JSON.stringify(goodSpec), 'Application/JSON'));
    expect(spec).toMatchObject({
      metric: 'top1',
      selectOn: 'val',
      checkpoint: 'last',
      replicates: 1,
      run: { kind: 'tfjs' },
    });
    expect(spec.limits).toEqual({ maxParallel: 64, retries: 2, timeoutMinutes: 1440, priority: 0 });
  });

  it('accepts a plan that fixes alpha and beta and searches nothing', () => {
    const fixed = plan({ objectives: [{ kind: 'abkd', alpha: 0.8, beta: 0.3 }], search: {} });
    expect(cells(fixed)).toEqual(['alpha=0.8,beta=0.3']);
    expect(fixed.tasks[0]!.definition.objective).toMatchObject({ alpha: 0.8, beta: 0.3 });
  });
});

describe('expandSpec()', () => {
  it('makes one task per spec task and objective, in this order, each fully resolved', () => {
    const tasks = [...goodSpec.tasks, { ...goodSpec.tasks[0], dataset: 'eurosat' }];
    const sweep = plan({ tasks, ...allObjectives });
    expect(sweep.tasks.map(({ definition }) => [definition.dataset, definition.objective.kind])).toEqual([
      ['mnist', 'abkd'],
      ['mnist', 'kd'],
      ['mnist', 'ce'],
      ['eurosat', 'abkd'],
      ['eurosat', 'kd'],
      ['eurosat', 'ce'],
    ]);
    for (const { definition } of sweep.tasks) expect(taskDefinitionSchema.parse(definition)).toEqual(definition);
    expect(sweep.tasks[2]!.definition.teacher).toBeNull();
    expect(sweep.tasks[3]!.definition.training).toMatchObject({ imageSize: 64, optimizer: 'sgd' });
    expect(sweep.timeoutMs).toBe(1440 * 60_000);
  });

  it('covers a grid exactly, replicates sharing one seed per k over all points and objectives of the pair', () => {
    const sweep = plan({ replicates: 3, ...allObjectives });
    expect(cells(sweep)).toHaveLength(9);
    expect(sweep.tasks[0]!.points.map(({ ordinal }) => ordinal)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(new Set(seeds(sweep)).size).toBe(3);
    for (const point of [0, 4, 8]) expect(seeds(sweep, 0, point)).toEqual(seeds(sweep));
    expect(seeds(sweep, 1)).toEqual(seeds(sweep));
    expect(seeds(sweep, 2)).toEqual(seeds(sweep));
    expect(seeds(plan({ replicates: 5 })).slice(0, 3)).toEqual(seeds(sweep));
    expect(seeds(plan({ replicates: 3, ...search({ seed: 1 }) }))).not.toEqual(seeds(sweep));
  });

  it('gives baselines one point', () => {
    const sweep = plan(allObjectives);
    for (const task of [1, 2]) {
      expect(sweep.tasks[task]!.points).toMatchObject([
        { cell: 'default', params: {}, sources: ['baseline'], inSpace: true },
      ]);
    }
  });

  it('searches a parameter under every objective that has it and leaves it open', () => {
    const sweep = plan({
      objectives: [{ kind: 'abkd', temperature: 2 }, { kind: 'kd' }, { kind: 'ce' }],
      ...search({ space: { ...goodSpec.search.space, temperature: { values: [1, 4] }, lr: { values: [0.05, 0.1] } } }),
    });
    expect(sweep.tasks.map(({ points }) => points.length)).toEqual([9 * 2, 2 * 2, 2]);
    expect(cells(sweep, 1)[0]).toBe('lr=0.05,temperature=1');
    expect(sweep.tasks[0]!.definition.objective).toMatchObject({ temperature: 2 });
  });

  it('runs landmarks first and merges them with equal cells', () => {
    const sweep = plan(search({ include: ['fkl', 'squaredEuclid'], constraints: ['alpha + beta <= 1.3'] }));
    expect(sweep.tasks[0]!.points.slice(0, 3)).toMatchObject([
      { ordinal: 0, cell: 'alpha=1,beta=0', sources: ['landmark:fkl', 'grid'], inSpace: true },
      { ordinal: 1, cell: 'alpha=1,beta=1', sources: ['landmark:squaredEuclid'], inSpace: false },
      { ordinal: 2, sources: ['grid'], inSpace: true },
    ]);
    // 6 cells satisfy the constraint, and one landmark lies outside.
    expect(cells(sweep)).toHaveLength(7);
    expect(new Set(cells(sweep)).size).toBe(7);
  });

  it('gives a landmark the default of every other searched parameter', () => {
    const sweep = plan(
      search({ include: ['rkl'], space: { ...goodSpec.search.space, temperature: { values: [1, 2] } } }),
    );
    expect(sweep.tasks[0]!.points[0]).toMatchObject({ cell: 'alpha=0,beta=1,temperature=4', inSpace: false });
  });

  it('skips the paper landmark where nothing is published for the pair, with a warning', () => {
    const tasks = [{ ...goodSpec.tasks[0], dataset: 'eurosat' }];
    const sweep = plan({ tasks, ...search({ include: ['paper'] }) });
    expect(cells(sweep)).toHaveLength(9);
    expect(sweep.warnings).toEqual([
      'Landmark paper is skipped for eurosat, cnn-m to cnn-s: nothing is published for this pair; published for the dataset: clip-vit-l14 to clip-vit-b16 alpha 0.6 beta 0.5',
    ]);
  });

  it('takes the first points of a grid in a seeded order', () => {
    const [first, again, other] = [0, 0, 1].map((seed) => cells(plan(search({ points: 4, seed }))));
    expect(first).toHaveLength(4);
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  it('warns when a space has fewer cells than asked for', () => {
    const sweep = plan(search({ method: 'random', points: 50 }));
    expect(cells(sweep)).toHaveLength(9);
    expect(sweep.warnings[0]).toContain('search.points is 50, but only 9 cells were found');
  });

  it('plans a Sobol search at submission', () => {
    const sweep = plan(search({ method: 'sobol', points: 5 }));
    expect(sweep.tasks[0]).toMatchObject({ searchState: 'PLANNED', plannedPoints: 5 });
    expect(new Set(cells(sweep)).size).toBe(5);
  });

  it('plans the landmarks of an adaptive search, counts what will come, and knows how it goes on', () => {
    const spec = {
      ...search({ method: 'gp', points: 20, include: ['fkl', 'squaredEuclid'], constraints: ['alpha + beta <= 1.3'] }),
      objectives: [{ kind: 'abkd' }, { kind: 'kd' }, { kind: 'abkd', alpha: 1, beta: 0, weight: 2 }],
      replicates: 2,
    };
    const sweep = plan(spec);
    // Of the 6 cells that satisfy the constraint one is a landmark; nothing is searched by kd, and by fixed coordinates.
    expect(
      sweep.tasks.map(({ searchState, plannedPoints, points }) => [searchState, plannedPoints, points.length]),
    ).toEqual([
      ['OPEN', 7, 2],
      ['PLANNED', 1, 1],
      ['PLANNED', 2, 2],
    ]);
    expect(sweep.warnings[0]).toContain('search.points is 20, but only 5 cells were found');
    const { plan: goesOn, trialOf } = searchOfTask(JSON.parse(JSON.stringify(sweep.spec)), 0);
    expect(goesOn).toMatchObject({ method: 'gp', points: 20, space: { axes: [{ name: 'alpha' }, { name: 'beta' }] } });
    expect([0, 1].map((replicate) => trialOf({ replicate, purpose: 'SEARCH' }))).toEqual(
      sweep.tasks[0]!.points[0]!.trials,
    );
  });

  it('plans the least number of seeds of an adaptive search, and counts what it may spend and confirm', () => {
    const spec = {
      ...search({ method: 'gp', points: 3, include: ['fkl'], stop: { within: 0.1, probability: 0.95 } }),
      objectives: [{ kind: 'abkd' }, { kind: 'kd' }],
      replicates: { min: 2, max: 5 },
      confirm: { points: 2, seeds: 3 },
    };
    const { tasks, spec: checked } = plan(spec);
    // 2 of the landmark, 3 x 3.5 rounded of the search, 2 x 3 to confirm; kd, with nothing to decide, has 5 seeds.
    expect(tasks.map(({ searchState, plannedTrials }) => [searchState, plannedTrials])).toEqual([
      ['OPEN', 2 + 11 + 6],
      ['PLANNED', 5],
    ]);
    expect(tasks.map(({ points }) => points.map(({ trials }) => trials.length))).toEqual([[2], [5]]);
    const { plan: goesOn, trialOf } = searchOfTask(checked as SweepSpec, 0);
    expect(goesOn).toMatchObject({
      replicates: { min: 2, max: 5 },
      confirm: { points: 2, seeds: 3 },
      stop: { within: 0.1 },
    });
    const fresh = trialOf({ replicate: 5, purpose: 'CONFIRM' });
    expect(fresh.seed).not.toBe(trialOf({ replicate: 5, purpose: 'SEARCH' }).seed);
    expect(fresh).toEqual(searchOfTask(checked as SweepSpec, 1).trialOf({ replicate: 5, purpose: 'CONFIRM' }));
  });

  it('keeps a grid open whose best points are to be confirmed, and confirms nothing where there is one point', () => {
    const { tasks } = plan({ confirm: { points: 20, seeds: 2 }, objectives: [{ kind: 'abkd' }, { kind: 'kd' }] });
    const cells = tasks[0]!.points.length;
    expect(tasks.map(({ searchState, plannedTrials }) => [searchState, plannedTrials])).toEqual([
      ['OPEN', cells + 2 * cells],
      ['PLANNED', 1],
    ]);
  });

  it('searches a learning rate by its logarithm, and choices without an order', () => {
    const lr = { min: 0.0001, max: 1, log: true };
    const temperature = { values: [1, 2, 4], categorical: true };
    const { spec } = plan(search({ method: 'gp', points: 9, space: { ...goodSpec.search.space, lr, temperature } }));
    expect(searchOfTask(spec as SweepSpec, 0).plan.space.axes).toMatchObject([
      ...[{ name: 'alpha' }, { name: 'beta' }, { name: 'lr', log: true }],
      { name: 'temperature', ordered: false },
    ]);
  });

  it('is the same for the same spec', () => {
    expect(plan(search({ method: 'random', points: 5 }))).toEqual(plan(search({ method: 'random', points: 5 })));
  });
});

describe('fingerprints', () => {
  const task = (change: Document = {}, index = 0) => plan(change).tasks[index]!;
  const fingerprint = (change: Document = {}, index = 0) => task(change, index).fingerprint;

  it('do not depend on name, space, landmarks, replicates, limits or spelt-out defaults', () => {
    const same = [
      { name: 'other' },
      { replicates: 5 },
      { limits: { retries: 0 } },
      { training: { batchSize: 64 } },
      search({ space: { alpha: { values: [0.2] }, beta: { values: [0.7] } }, include: ['fkl'] }),
      { objectives: [{ kind: 'abkd', alpha: 1, beta: 0, temperature: 4 }], search: {} },
      { training: { teacherOutputs: 'live' } },
    ];
    for (const change of same) expect(fingerprint(change)).toBe(fingerprint());
  });

  it('change with everything that makes results incomparable', () => {
    const changes: readonly Document[] = [
      {},
      { tasks: [{ ...goodSpec.tasks[0], dataset: 'cifar10' }] },
      { tasks: [{ ...goodSpec.tasks[0], student: { model: 'cnn-m' } }] },
      { tasks: [{ ...goodSpec.tasks[0], teacher: { model: 'cnn-m', train: { epochs: 2 } } }] },
      { tasks: [{ ...goodSpec.tasks[0], teacher: { model: 'cnn-m', train: { epochs: 1, seed: 2 } } }] },
      { objectives: [{ kind: 'abkd', temperature: 2 }] },
      { objectives: [{ kind: 'abkd', scale: 'gradNormalised' }] },
      { objectives: [{ kind: 'abkd', compat: 'abkdRef' }] },
      { selectOn: 'test' },
      { checkpoint: 'best' },
      { training: { limitTrain: 100 } },
      { training: { imageSize: 32 } },
      { training: { optimizer: 'adamw' } },
      { training: { lrWarmupEpochs: 1 } },
      { training: { augment: 'cropFlip' } },
      { training: { augment: 'cropFlip', augmentDraw: 'trial' } },
      { training: { dropLast: true } },
      { tasks: [{ ...goodSpec.tasks[0], teacher: { model: 'cnn-m', weights: 'teachers/cnn-m.safetensors' } }] },
      { tasks: [{ ...goodSpec.tasks[0], student: { model: 'cnn-s', weights: 'students/cnn-s.safetensors' } }] },
      { run: { kind: 'noop' } },
      search({ seed: 1 }),
      search({ space: { ...goodSpec.search.space, temperature: { values: [4] } } }),
    ];
    expect(new Set(changes.map((change) => fingerprint(change))).size).toBe(changes.length);
    expect(fingerprint()).toMatch(/^[0-9a-f]{64}$/);
  });

  it('set baselines beside the task of their pair, and nothing beside another student or training', () => {
    const key = (change: Document, index = 0) => task(change, index).comparisonKey;
    const [abkd, kd, ce] = [0, 1, 2].map((index) => key(allObjectives, index));
    expect(kd).toBe(abkd);
    expect(ce).toBe(abkd);
    expect(new Set([0, 1, 2].map((index) => fingerprint(allObjectives, index))).size).toBe(3);
    expect(key({ training: { epochs: 2 } })).not.toBe(abkd);
    expect(key({ tasks: [{ ...goodSpec.tasks[0], student: { model: 'cnn-m' } }] })).not.toBe(abkd);
  });
});

/** Names of all fields, at any depth, that have no description. */
function undescribed(schema: unknown): readonly string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const own = 'properties' in schema ? Object.entries(schema.properties as Record<string, object>) : [];
  const missing = own.filter(([, field]) => !('description' in field)).map(([name]) => name);
  return [...missing, ...Object.values(schema).flatMap(undescribed)];
}

describe('specJsonSchema()', () => {
  it('describes every field and refuses unknown ones', () => {
    const schema = specJsonSchema();
    expect(schema).toMatchObject({ type: 'object', additionalProperties: false, required: ['name', 'tasks'] });
    expect(undescribed(schema)).toEqual([]);
  });
});
