import { AbkdError } from '../../core/errors.ts';
import { architectures } from './architectures.ts';
import type { Classifier, ClassifierFactory, ClassifierShape } from './classifier.ts';
import { type CnnSpec, createCnn } from './cnn.ts';
import { createSeededNetwork } from './network.ts';

/**
 * The demo's student. Parameters: 9 226 for 28 px grey images and 10 classes (7 850 of them in the head), 12 026 for
 * 32 px colour. 0.10 million multiply-adds per 28 px image.
 */
const cnnS: CnnSpec = {
  name: 'cnn-s',
  convs: [
    { filters: 8, kernel: 5, stride: 2 },
    { filters: 16, kernel: 3, stride: 2 },
  ],
};

/**
 * The demo's teacher. Parameters: 91 850 for 28 px grey images and 10 classes, 102 250 for 32 px colour. 3.7 million
 * multiply-adds per 28 px image, 36 times those of cnn-s.
 */
const cnnM: CnnSpec = {
  name: 'cnn-m',
  convs: [
    { filters: 16, kernel: 5, stride: 2 },
    { filters: 32, kernel: 3, stride: 1 },
    { filters: 64, kernel: 3, stride: 2 },
    { filters: 64, kernel: 3, stride: 1 },
  ],
};

const factories: ReadonlyMap<string, ClassifierFactory> = new Map([
  ...[cnnS, cnnM].map((spec) => factory(spec.name, (shape, seed) => createCnn(spec, shape, seed))),
  ...architectures.map((spec) => factory(spec.name, (shape, seed) => createSeededNetwork(spec, shape, seed))),
]);

/** Names of the models that this version can build. */
export const classifierNames: readonly string[] = [...factories.keys()];

/**
 * A model of that name with weights drawn from `seed`. Who calls it disposes it.
 * @throws {AbkdError} INVALID_SPEC when there is no such model
 */
export function createClassifier(name: string, shape: ClassifierShape, seed: number): Classifier {
  const factory = factories.get(name);
  if (factory === undefined) {
    throw new AbkdError('INVALID_SPEC', `Cannot create model "${name}": expected one of ${classifierNames.join(', ')}`);
  }
  return factory(shape, seed);
}

function factory(name: string, create: ClassifierFactory): readonly [string, ClassifierFactory] {
  return [name, create];
}
