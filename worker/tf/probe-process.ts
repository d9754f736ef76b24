/**
 * A process that tries one backend, the one named by its argument, tells its parent what came of it and waits to be
 * ended: drivers may crash when a process exits, and that must not hide what worked.
 */
import { AbkdError, messageOf } from '../../core/errors.ts';
import { initBackend } from './backend.ts';
import { loadFor, measureConvForwardGflops, measureMatmulGflops, measureTraining } from './probe-measure.ts';
import { type ProbeMessage, probedNameSchema } from './probe-report.ts';

async function probe(name: string): Promise<ProbeMessage> {
  try {
    const active = await initBackend(name);
    const load = loadFor(active);
    const matmulGflops = await measureMatmulGflops(load);
    const convForwardGflops = await measureConvForwardGflops(load);
    const { trainsConv, imagesPerSec } = await measureTraining(load);
    return {
      outcome: 'works',
      version: active.backendVersion,
      device: active.device,
      trainsConv,
      matmulGflops,
      convForwardGflops,
      convTrainImagesPerSec: imagesPerSec,
    };
  } catch (error) {
    // Which backend was tried is known to who asks.
    const reason = error instanceof AbkdError && error.cause !== undefined ? error.cause : error;
    return { outcome: 'fails', reason: messageOf(reason) };
  }
}

// The open channel keeps the process waiting; it ends with its parent.
process.on('disconnect', () => process.exit(0));
process.send?.(await probe(probedNameSchema.parse(process.argv[2])));
