import type { Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { objectiveKinds, withDefaults } from '../../core/catalog/objectives.ts';
import type { ResolvedDefinition } from '../../core/objective.ts';
import { labelsOnly, objectiveLoss, type ResolvedObjective } from '../../worker/distill/objective.ts';
import { createSgd } from '../../worker/distill/sgd.ts';
import { createClassifier } from '../../worker/models/registry.ts';
import { initBackend } from '../../worker/tf/backend.ts';
import type { ConformanceCase } from '../support/conformance-case.ts';
import { conformanceCases } from '../support/conformance-cases.ts';

beforeAll(async () => {
  await initBackend('wasm');
});

/** Kernels of the backend that run while `compute` does. */
async function kernelsOf(compute: () => unknown): Promise<readonly string[]> {
  const { kernelNames } = await tf.profile(() => tf.tidy(() => void compute()));
  return kernelNames.filter((name) => tf.getKernel(name, 'wasm'));
}

const labels = () => tf.tensor1d([0, 1], 'int32');

function distil(objective: ResolvedObjective): void {
  const [teacherLogits, studentLogits] = [
    tf.tensor2d([
      [1, 2, 3],
      [2, 1, 0],
    ]),
    tf.tensor2d([
      [1, 3, 2],
      [0, 1, 0],
    ]),
  ];
  tf.grad(
    (z) => objectiveLoss(objective, { teacherLogits, studentLogits: z as Tensor2D, labels: labels(), epoch: 2 }).loss,
  )(studentLogits);
}

/** One step of training and an evaluation. */
function train(name: string): void {
  const model = createClassifier(name, { imageSize: 32, channels: 3, classes: 3 }, 1);
  const optimizer = createSgd(model.parameters, { momentum: 0.9, weightDecay: 5e-4 });
  const images = tf.randomUniform([2, 32, 32, 3], -1, 1, 'float32', 1) as Tensor4D;
  const { grads } = tf.variableGrads(() => {
    const studentLogits = model.forward(images, { training: true });
    return objectiveLoss(labelsOnly, { teacherLogits: null, studentLogits, labels: labels(), epoch: 1 }).loss;
  }, [...model.parameters]);
  optimizer.step(grads, 0.1);
  model.forward(images, { training: false });
  optimizer.dispose();
  model.dispose();
}

function check({ shapes, range = [-1, 1], compute, hasGradient }: ConformanceCase): void {
  const inputs = shapes.map((shape) => tf.randomUniform([...shape], ...range, 'float32', 1));
  const value = compute(...inputs);
  if (hasGradient !== false) tf.grads((...xs: Tensor[]) => compute(...xs))(inputs, value);
}

test('every kernel that an objective, a model or the optimizer runs has a conformance case', async () => {
  const covered = new Set<string>();
  for (const operation of conformanceCases) {
    for (const kernel of await kernelsOf(() => check(operation))) covered.add(kernel);
  }
  const places = [
    { alpha: 0.7, beta: 0.4 },
    { alpha: 0, beta: 0 },
  ];
  const definitions = objectiveKinds.flatMap((kind) =>
    places.map((place) => {
      const defaults = Object.entries(withDefaults({ kind }));
      const fields = defaults.map(([field, value]) => [field, value ?? place[field as 'alpha' | 'beta']]);
      return Object.fromEntries(fields) as ResolvedDefinition;
    }),
  );
  // One of each family.
  const models = ['cnn-m', 'resnet20-a', 'wrn-16-1', 'vgg8', 'mobilenetv2', 'shufflenetv1', 'shufflenetv2'];
  const missing = new Set<string>();
  const expectCovered = async (who: string, compute: () => void) => {
    for (const kernel of await kernelsOf(compute)) if (!covered.has(kernel)) missing.add(`${kernel} (${who})`);
  };
  for (const definition of definitions) {
    await expectCovered(definition.kind, () => distil({ definition, scaleFactor: 1 }));
  }
  for (const name of models) await expectCovered(name, () => train(name));
  expect([...missing]).toEqual([]);
});
