import { describe, expect, it } from 'vitest';
import { objectiveKinds, objectives } from '../../core/catalog/objectives.ts';
import { AbkdError } from '../../core/errors.ts';
import { isDistilling, objectiveSchema } from '../../core/objective.ts';
import type { SweepPlan } from '../../core/plan.ts';
import { expandSpec } from '../../core/spec/expand.ts';
import { checkSpec } from '../../core/spec/parse.ts';
import { goodSpec } from '../support/broken-specs.ts';

type Fields = Readonly<Record<string, unknown>>;

const plan = (list: readonly Fields[], space: Fields = {}): SweepPlan =>
  expandSpec(checkSpec({ ...goodSpec, objectives: list, search: { space: { ...goodSpec.search.space, ...space } } }));
const all = () => plan(objectiveKinds.map((kind) => ({ kind })));

/** Paths of the problems that a spec with the objective, and an abkd one before it, has. */
function problems(objective: Fields, search: Fields = goodSpec.search): readonly string[] {
  try {
    const plane = { kind: 'abkd', alpha: 0.5, beta: 0.5 };
    checkSpec({ ...goodSpec, objectives: [search === goodSpec.search ? { kind: 'abkd' } : plane, objective], search });
    return [];
  } catch (error) {
    if (error instanceof AbkdError) return (error.details.problems ?? []).map(({ path }) => path);
    throw error;
  }
}

describe('objectives of a spec', () => {
  it('are resolved with the recipe of each kind, one sweep holding all of them', () => {
    const definitions = all().tasks.map(({ definition }) => definition);
    expect(definitions.map(({ objective }) => objective.kind)).toEqual(objectiveKinds);
    for (const { objective, teacher } of definitions) {
      expect(objectiveSchema.parse(objective)).toEqual(objective);
      expect(teacher === null).toBe(!isDistilling(objective));
      expect(objective).toEqual({ kind: objective.kind, ...objectives[objective.kind].defaults });
    }
    const recipe = (kind: string) => definitions.find(({ objective }) => objective.kind === kind)!.objective;
    // Facts of the CIFAR-100 recipes: weight, temperature, cross-entropy weight of each method.
    expect(recipe('abkd')).toMatchObject({ weight: 32, temperature: 4, ceWeight: 1 });
    expect(recipe('kd')).toMatchObject({ weight: 2, temperature: 4, ceWeight: 1 });
    expect(recipe('abdkd')).toMatchObject({ weight: 1, temperature: 4, ceWeight: 1, dkdAlpha: 1, warmupEpochs: 20 });
    expect(recipe('ablsd')).toMatchObject({ weight: 9, temperature: 2, ceWeight: 0.1 });
    expect(recipe('ttm')).toMatchObject({ gamma: 0.1, ceWeight: 1 });
    expect(recipe('skl')).toMatchObject({ skew: 0.1 });
  });

  it('search what they have of the plane: all of it, a line, or nothing', () => {
    const cells = Object.fromEntries(
      all().tasks.map(({ definition, points }) => [definition.objective.kind, points.map(({ cell }) => cell)]),
    );
    for (const kind of ['abkd', 'abdkd', 'ablsd', 'abttm']) expect(cells[kind]).toHaveLength(9);
    expect(cells.alpha).toEqual(['alpha=0', 'alpha=0.5', 'alpha=1']);
    expect(cells.beta).toEqual(['beta=0', 'beta=0.5', 'beta=1']);
    const searching = ['abkd', 'abdkd', 'ablsd', 'abttm', 'alpha', 'beta'];
    for (const kind of objectiveKinds.filter((kind) => !searching.includes(kind)))
      expect(cells[kind]).toEqual(['default']);
  });

  it('search the scalars of their own that the space names', () => {
    const list = [{ kind: 'wsd' }, { kind: 'skl' }, { kind: 'dkd' }, { kind: 'dkd', dkdBeta: 6 }, { kind: 'abkd' }];
    const space = { forwardWeight: { values: [0, 1] }, skew: { values: [0.1, 0.2, 0.5] }, dkdBeta: { values: [2, 8] } };
    const points = plan(list, space).tasks.map((task) => task.points.map(({ cell }) => cell));
    expect(points[0]).toEqual(['forwardWeight=0', 'forwardWeight=1']);
    expect(points[1]).toEqual(['skew=0.1', 'skew=0.2', 'skew=0.5']);
    expect(points[2]).toEqual(['dkdBeta=2', 'dkdBeta=8']);
    expect(points[3]).toEqual(['default']);
    expect(points[4]).toHaveLength(9);
  });

  it.each([
    ['the scale of an objective whose strength is fixed', { kind: 'kd', scale: 'raw' }, 'scale'],
    ['the scale of forward KL, which is what others are scaled to', { kind: 'fkl', scale: 'gradNormalised' }, 'scale'],
    ['the scale of standardised logits, which a uniform student has none of', { kind: 'ablsd', scale: 'raw' }, 'scale'],
    ['the scale of decoupled KD, which needs labels', { kind: 'abdkd', scale: 'gradNormalised' }, 'scale'],
    ['compat off the plane', { kind: 'alpha', compat: 'abkdRef' }, 'compat'],
    ['beta of the alpha-divergence', { kind: 'alpha', beta: 0.5 }, 'beta'],
    ['alpha of a fixed point', { kind: 'hellinger', alpha: 0.5 }, 'alpha'],
    ['the temperature of transformed teacher matching', { kind: 'ttm', temperature: 4 }, 'temperature'],
    ['a mixture that is all teacher', { kind: 'jsd', teacherShare: 1 }, 'teacherShare'],
    ['a skew of 1', { kind: 'skl', skew: 1 }, 'skew'],
    ['a head without mass', { kind: 'akl', headMass: 0 }, 'headMass'],
    ['a power of 0', { kind: 'abttm', gamma: 0 }, 'gamma'],
    ['a negative weight', { kind: 'wsd', reverseWeight: -1 }, 'reverseWeight'],
    ['an exponent beyond float32', { kind: 'alphanet', alphaMinus: -6 }, 'alphaMinus'],
  ])('are refused for %s', (_, objective, field) => {
    expect(problems(objective)).toEqual([`objectives[1].${field}`]);
  });

  it('need what has no default, in the objective or in the space', () => {
    const without = (objective: Fields) => problems(objective, {});
    expect(without({ kind: 'alpha' })).toEqual(['objectives[1].alpha']);
    expect(without({ kind: 'beta' })).toEqual(['objectives[1].beta']);
    expect(without({ kind: 'abttm' })).toEqual(['objectives[1].alpha', 'objectives[1].beta']);
    expect(without({ kind: 'alpha', alpha: 0.3 })).toEqual([]);
    expect(without({ kind: 'tv' })).toEqual([]);
  });

  it('have a fingerprint each, which their fixed fields change and their coordinates do not', () => {
    const fingerprints = (list: readonly Fields[]) => plan(list).tasks.map(({ fingerprint }) => fingerprint);
    expect(new Set(fingerprints(objectiveKinds.map((kind) => ({ kind })))).size).toBe(objectiveKinds.length);
    const [, skl, other, normalised] = fingerprints([
      { kind: 'abkd' },
      { kind: 'skl' },
      { kind: 'skl', skew: 0.2 },
      { kind: 'skl', scale: 'gradNormalised' },
    ]);
    expect(new Set([skl, other, normalised]).size).toBe(3);
    const [, open, fixed] = fingerprints([{ kind: 'abkd' }, { kind: 'beta' }, { kind: 'beta', beta: 0.25 }]);
    expect(fixed).toBe(open);
  });
});
