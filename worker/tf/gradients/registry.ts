import * as tf from '@tensorflow/tfjs-core';
import { elementwiseGradients } from './elementwise.ts';
import { layerGradients } from './layers.ts';
import { layoutGradients } from './layout.ts';
import { pairwiseGradients } from './pairwise.ts';
import { reductionGradients } from './reductions.ts';

/**
 * Registers the gradients that training needs. Our own, because tfjs-core's build for Node has none: its gradients are
 * modules that Node cannot load, and come only inside `@tensorflow/tfjs` with a layer library, a converter and a WebGL
 * backend (220 MB installed, 55 MB resident). They replace those that tfjs-node brings, so that every backend has the same.
 */
export function registerGradients(): void {
  const gradients = [
    ...elementwiseGradients,
    ...pairwiseGradients,
    ...reductionGradients,
    ...layoutGradients,
    ...layerGradients,
  ];
  for (const gradient of gradients) tf.registerGradient(gradient);
}
