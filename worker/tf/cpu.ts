import * as tf from '@tensorflow/tfjs-core';
import type { LoadedBackend } from './loaded-backend.ts';

/** tfjs's backend in plain JavaScript: slow, exact, always there. The reference for the others. */
export async function loadCpu(): Promise<LoadedBackend> {
  const { version_cpu } = await import('@tensorflow/tfjs-backend-cpu');
  if (!(await tf.setBackend('cpu'))) throw new Error('tfjs did not accept its own backend');
  return { backendVersion: version_cpu, deviceKind: 'cpu', device: 'one thread, JavaScript', isHardware: true };
}
