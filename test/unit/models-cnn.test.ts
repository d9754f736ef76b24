import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { createClassifier } from '../../worker/models/registry.ts';
import { initBackend } from '../../worker/tf/backend.ts';

beforeAll(() => initBackend('cpu'));

const grey28 = { imageSize: 28, channels: 1, classes: 10 };
const colour32 = { imageSize: 32, channels: 3, classes: 10 };

/** Sizes and values of all parameters, in order; disposes the model. */
function describeModel(name: string, shape: typeof grey28, seed: number) {
  const model = createClassifier(name, shape, seed);
  const values = model.parameters.map((parameter) => [...parameter.dataSync()]);
  const logits = tf.tidy(() =>
    model.forward(tf.ones([2, shape.imageSize, shape.imageSize, shape.channels]), { training: false }).arraySync(),
  );
  model.dispose();
  return { names: model.parameterNames, values, logits, size: values.flat().length };
}

describe('cnn-s and cnn-m', () => {
  it.each([
    ['cnn-s', grey28, 9_226],
    ['cnn-s', colour32, 12_026],
    ['cnn-m', grey28, 91_850],
    ['cnn-m', colour32, 102_250],
  ])('%s for %o has %d parameters and 10 logits per image', (name, shape, size) => {
    const model = describeModel(name, shape, 1);
    expect(model.size).toBe(size);
    expect(model.logits).toHaveLength(2);
    expect(model.logits[0]).toHaveLength(10);
    expect(model.names.at(-1)).toBe('head.bias');
  });

  it('take their weights from the seed alone', () => {
    const first = describeModel('cnn-s', grey28, 7);
    expect(describeModel('cnn-s', grey28, 7)).toEqual(first);
    expect(describeModel('cnn-s', grey28, 8).values[0]).not.toEqual(first.values[0]);
  });

  it('start with variance 2 / fan-in before a ReLU, 1 / (3 fan-in) in the head, and zero biases', () => {
    const { names, values } = describeModel('cnn-m', grey28, 3);
    const varianceOf = (name: string) => {
      const weights = values[names.indexOf(name)]!;
      return weights.reduce((sum, weight) => sum + weight ** 2, 0) / weights.length;
    };
    expect(varianceOf('conv3.weight') / (2 / (9 * 32))).toBeCloseTo(1, 1);
    expect(varianceOf('head.weight') / (1 / (3 * 49 * 64))).toBeCloseTo(1, 1);
    expect(varianceOf('conv1.bias')).toBe(0);
  });

  it('leave no tensor behind', () => {
    const before = tf.memory().numTensors;
    describeModel('cnn-m', grey28, 1);
    expect(tf.memory().numTensors).toBe(before);
  });
});

it('createClassifier() refuses an unknown name and lists the known ones', () => {
  expect(() => createClassifier('cnn-xl', grey28, 1)).toThrow(/"cnn-xl": expected one of cnn-s, cnn-m/);
});
