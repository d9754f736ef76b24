// A thread of the search pool: it computes one step after the other. What throws ends it; the pool starts another.
import { parentPort } from 'node:worker_threads';
import { nextStep } from '../../core/search/session.ts';
import type { StepRequest } from './search-pool.ts';

parentPort?.on('message', ({ plan, history, wanted }: StepRequest) => {
  parentPort?.postMessage(nextStep(plan, history, wanted));
});
