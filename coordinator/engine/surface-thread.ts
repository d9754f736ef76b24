// The thread of the surface pool: it describes one surface after the other. What throws ends it; the pool starts another.
import { parentPort } from 'node:worker_threads';
import { describeSurface, type SurfaceRequest } from '../../core/stats/surface/describe.ts';

parentPort?.on('message', (request: SurfaceRequest) => {
  parentPort?.postMessage(describeSurface(request));
});
