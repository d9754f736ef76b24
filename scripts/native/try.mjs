// Loads the addon as a worker does, in a process of its own, and computes one product with it.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import util from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { root } from '../run.mjs';

util.isNullOrUndefined ??= (value) => value === null || value === undefined;
createRequire(join(root, 'native/package.json'))('@tensorflow/tfjs-node');
if (tf.getBackend() !== 'tensorflow')
  throw new Error('Cannot use the addon: it did not register with the tfjs-core of this package');
const [value] = await tf.matMul([[3, 4]], [[3], [4]]).data();
if (value !== 25) throw new Error(`Cannot use the addon: 3·3 + 4·4 gave ${value}, expected 25`);
const { binding, isUsingGpuDevice } = tf.backend();
process.stdout.write(`TensorFlow ${binding.TF_Version} computes on ${isUsingGpuDevice ? 'a GPU' : 'the processor'}\n`);
