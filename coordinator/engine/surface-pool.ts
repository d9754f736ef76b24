import type { SurfaceFindings, SurfaceRequest } from '../../core/stats/surface/describe.ts';
import { createThreadPool, type ThreadPool } from './thread-pool.ts';

/** Fits surfaces. One thread of its own: people who look at results must not delay searches. */
export type SurfacePool = ThreadPool<SurfaceRequest, SurfaceFindings>;

export function createSurfacePool(): SurfacePool {
  const program = new URL('./surface-thread.js', import.meta.url);
  return createThreadPool({ subject: 'the surface', program, threads: 1 });
}
