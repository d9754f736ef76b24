import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { objectiveKinds, withDefaults } from '../../core/catalog/objectives.ts';
import { logRDecileName, MetricName } from '../../core/measurement.ts';
import { isDistilling, type ObjectiveKind, type ResolvedDefinition, type ResolvedOf } from '../../core/objective.ts';
import { createRandom } from '../../core/random.ts';
import { createMemoryPart } from '../../worker/data/parts.ts';
import type { ImageDataset } from '../../worker/data/source.ts';
import { createDiagnostics } from '../../worker/distill/diagnose.ts';
import { concentrationWeights, logSoftmaxRows, meanEntropy, rankGroups } from '../../worker/distill/diagnostics.ts';
import { labelsOnly } from '../../worker/distill/objective.ts';
import type { Classifier } from '../../worker/models/classifier.ts';
import { createClassifier } from '../../worker/models/registry.ts';
import { loadTestedBackends } from '../support/divergence-on-backend.ts';
import { referenceGradient } from '../support/objective-reference.ts';

const classes = 4;
const count = 12;
const random = createRandom(9);
const pixels = Uint8Array.from({ length: count * 64 }, () => random.integer(256));
const trainPart = createMemoryPart(
  pixels,
  Int32Array.from({ length: count }, (_, i) => i % classes),
  64,
);
const dataset: ImageDataset = {
  name: 'noise',
  classNames: ['a', 'b', 'c', 'd'],
  ...{ height: 8, width: 8, channels: 1, train: trainPart, val: null, test: trainPart },
  normalisation: { mean: [0.5], std: [0.25] },
  ...{ description: 'noise', identity: 'noise' },
};
const teacher = {
  classes,
  diagnosed: {
    images: Int32Array.from({ length: count }, (_, image) => image),
    logits: Float32Array.from({ length: count * classes }, () => 2 * random.normal()),
  },
};
const context = { signal: new AbortController().signal, yieldNow: async () => {} };
let student: Classifier;

beforeAll(async () => {
  await loadTestedBackends();
  student = createClassifier('cnn-s', { imageSize: 8, channels: 1, classes }, 3);
});
afterAll(() => student.dispose());

function diagnose(definition: ResolvedDefinition, scaleFactor = 1) {
  const objective = { definition, scaleFactor };
  return createDiagnostics({ objective, dataset, trainPart, teacher, context })(student, 3);
}

function ofKind(kind: ObjectiveKind): ResolvedDefinition {
  const defaults = Object.entries(withDefaults({ kind })).map(([name, value]) => [name, value ?? 0.6]);
  return Object.fromEntries(defaults) as ResolvedDefinition;
}

/** The student's logits on all images, straight from the model. */
function studentRows(): number[][] {
  return tf.tidy(() => {
    const images = tf.div(tf.sub(tf.div(tf.tensor4d(Float32Array.from(pixels), [count, 8, 8, 1]), 255), 0.5), 0.25);
    return student.forward(images as tf.Tensor4D, { training: false }).arraySync();
  });
}

const teacherRows = Array.from({ length: count }, (_, i) => [
  ...teacher.diagnosed.logits.slice(i * classes, (i + 1) * classes),
]);

describe('createDiagnostics()', () => {
  it('measures the gradient of the distillation term with its weight and scale, by deciles of the teacher', async () => {
    const definition: ResolvedOf<'abkd'> = {
      ...{ kind: 'abkd', alpha: 0.6, beta: 0.5, temperature: 2, weight: 5, ceWeight: 1 },
      ...{ scale: 'raw', compat: 'exact' },
    };
    const metrics = await diagnose(definition, 3);
    const batch = { teacher: teacherRows, student: studentRows(), labels: [...trainPart.labels], epoch: 3 };
    // The reference's gradient is that of the mean over the images.
    const gradient = referenceGradient(definition, batch).map((row) => row.map((value) => 5 * 3 * count * value));
    const flat = gradient.flat().map(Math.abs);
    expect(metrics[MetricName.gradientNorm]! / mean(gradient.map((row) => Math.hypot(...row)))).toBeCloseTo(1, 4);
    expect(metrics[MetricName.logR]! / mean(flat)).toBeCloseTo(1, 4);
    const softmax = teacherRows.flatMap((row) => softmaxOf(row, 2));
    const ranked = softmax.map((p, index) => ({ p, pull: flat[index]! })).sort((a, b) => a.p - b.p);
    // 48 pairs: ranks 0 to 4 are the first tenth, 44 to 47 the last.
    expect(metrics[logRDecileName(1)]! / mean(ranked.slice(0, 5).map(({ pull }) => pull))).toBeCloseTo(1, 4);
    expect(metrics[logRDecileName(10)]! / mean(ranked.slice(44).map(({ pull }) => pull))).toBeCloseTo(1, 4);
    const student = studentRows().flatMap((row) => softmaxOf(row, 2));
    expect(metrics[MetricName.hardnessWeight]).toBeCloseTo(
      mean(softmax.map((p, index) => Math.abs(p ** 0.6 - student[index]! ** 0.6) / 0.6)),
      5,
    );
    expect(metrics[MetricName.confidenceWeight]).toBeCloseTo(mean(student.map((q) => Math.sqrt(q))), 5);
  });

  it.each(objectiveKinds.filter((kind) => isDistilling({ kind })))('are finite numbers for %s', async (kind) => {
    const metrics = await diagnose(ofKind(kind));
    const inPlane = ['abkd', 'fkl', 'rkl', 'hellinger', 'squaredEuclid', 'alpha', 'beta', 'kd'].includes(kind);
    expect(Object.keys(metrics)).toHaveLength(12 + (inPlane ? 2 : 0));
    expect(Object.values(metrics).filter((value) => !Number.isFinite(value) || value < 0)).toEqual([]);
  });

  it('are absent without a teacher, and leave no tensor behind', async () => {
    expect(await diagnose(labelsOnly.definition)).toEqual({});
    const before = tf.memory().numTensors;
    await diagnose(ofKind('wsd'));
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('statistics of distributions', () => {
  it('entropy is ln(classes) for equal logits, grows with the temperature, and is 0 for a sure student', () => {
    expect(meanEntropy(Float32Array.of(1, 1, 1, 1, 7, 7, 7, 7), 4)).toBeCloseTo(Math.log(4), 12);
    expect(meanEntropy(Float32Array.of(900, -900, 0, 0), 4)).toBe(0);
    expect(meanEntropy(Float32Array.of(2, 2, 500, 0), 2)).toBeCloseTo(Math.log(2) / 2, 12);
    // Two classes with odds e^(2 / T): the binary entropy of 1 / (1 + e^-1) at T = 2.
    const p = 1 / (1 + Math.exp(-1));
    expect(meanEntropy(Float32Array.of(2, 0), 2, 2)).toBeCloseTo(-p * Math.log(p) - (1 - p) * Math.log(1 - p), 12);
  });

  it('entropy is NaN where a logit is', () => {
    expect(meanEntropy(Float32Array.of(1, Number.NaN), 2)).toBeNaN();
  });

  it('groups by rank give each part as many, ties in order', () => {
    expect([...rankGroups(Float64Array.of(3, 1, 1, 2), 2)]).toEqual([1, 0, 0, 1]);
    const groups = rankGroups(
      Float64Array.from({ length: 100 }, (_, i) => (i * 37) % 100),
      10,
    );
    expect([groups[0], groups[1], groups[27]]).toEqual([0, 3, 9]);
  });

  it('concentration weights are 1 where an exponent is off, and finite at any exponent', () => {
    const logP = logSoftmaxRows(Float32Array.of(900, -900, 1, 0), 2, 1);
    const logQ = logSoftmaxRows(Float32Array.of(-900, 900, 0, 1), 2, 1);
    expect(concentrationWeights(logP, logQ, { alpha: 1, beta: 0 }).confidence).toBe(1);
    for (const [alpha, beta] of [
      [-5, -5],
      [5, 5],
      [0, 0],
      [0, -5],
    ] as const) {
      const { hardness, confidence } = concentrationWeights(logP, logQ, { alpha, beta });
      expect([hardness, confidence].every(Number.isFinite)).toBe(true);
    }
  });
});

function softmaxOf(logits: readonly number[], temperature: number): number[] {
  const powers = logits.map((logit) => Math.exp(logit / temperature));
  return powers.map((power) => power / powers.reduce((sum, value) => sum + value, 0));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
