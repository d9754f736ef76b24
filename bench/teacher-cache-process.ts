/** The trials of `teacher-cache`, in a process as a worker keeps it for them. Started by teacher-cache.ts. */
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Tensor4D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { messageOf } from '../core/errors.ts';
import type { SweepId, TaskId, TrialId } from '../core/ids.ts';
import type { TaskDefinition } from '../core/task.ts';
import { createLogger } from '../platform/logger.ts';
import { openCacheFolder } from '../worker/cache-folder.ts';
import { createClassifier } from '../worker/models/registry.ts';
import { createSharedFiles } from '../worker/shared-files.ts';
import { initBackend } from '../worker/tf/backend.ts';
import type { TrialContext } from '../worker/trial/context.ts';
import { runTfjs } from '../worker/trial/tfjs.ts';
import type { TeacherCacheWork } from './teacher-cache-protocol.ts';
import { timed } from './timed.ts';

const requestSchema = z.union([z.object({ trial: z.enum(['live', 'cached']) }), z.object({ teacher: z.int() })]);

const reply = (line: object) => void process.stdout.write(`${JSON.stringify(line)}\n`);
const signal = new AbortController().signal;

async function serve(): Promise<void> {
  const work = JSON.parse(process.argv[2] ?? 'null') as TeacherCacheWork;
  const { backend } = await initBackend(work.backend);
  const sharedFile = await createFiles(work.folder);
  const runTrial = (teacherOutputs: 'live' | 'cached') => {
    const training = { ...work.definition.training, teacherOutputs };
    return runTfjs(createContext({ ...work.definition, training }, work.folder, sharedFile));
  };
  // Trains the teacher and computes its outputs, which trials after find.
  await runTrial('cached');
  reply({ backend });
  for await (const line of createInterface({ input: process.stdin })) {
    const request = requestSchema.parse(JSON.parse(line));
    reply(
      'trial' in request
        ? await timed(() => runTrial(request.trial))
        : await timeTeacher(work.definition, request.teacher),
    );
  }
}

/** The cache folder of a host. What a coordinator would keep for all hosts, the teacher's weights, is kept there too. */
async function createFiles(folder: string): Promise<TrialContext['sharedFile']> {
  const cache = await openCacheFolder(join(folder, 'cache'), null);
  const log = createLogger('bench', { level: 'silent' });
  const find = createSharedFiles({ cache, workerId: '', artifacts: () => null, log });
  return (_scope, key, build, expectedBytes = 0) => find({ scope: 'host', key, expectedBytes }, build, signal);
}

function createContext(
  definition: TaskDefinition,
  dataDir: string,
  sharedFile: TrialContext['sharedFile'],
): TrialContext {
  return {
    assignment: {
      trialId: 'bench' as TrialId,
      sweepId: 'bench' as SweepId,
      taskId: 'bench' as TaskId,
      ...{ attempt: 1, replicate: 0, seed: 1, params: {}, timeoutMs: 3_600_000, definition },
      ...{ checkpoint: null, untilStep: null },
    },
    ...{ signal, dataDir, cacheBytes: Number.MAX_SAFE_INTEGER, sharedFile },
    resume: null,
    report: () => undefined,
    warn: () => undefined,
    checkpoint: () => Promise.resolve(),
    phase: () => undefined,
    yieldNow: () => new Promise((resolve) => setImmediate(resolve)),
  };
}

/** So many batches through the teacher alone. */
async function timeTeacher({ teacher, training }: TaskDefinition, batches: number) {
  const { imageSize, batchSize } = training;
  const model = createClassifier(teacher!.model, { imageSize, channels: 3, classes: 10 }, 1);
  const images = tf.zeros([batchSize, imageSize, imageSize, 3]) as Tensor4D;
  const forward = async () => {
    const logits = model.forward(images, { training: false });
    await logits.data();
    logits.dispose();
  };
  await forward();
  const times = await timed(async () => {
    for (let batch = 0; batch < batches; batch += 1) await forward();
  });
  images.dispose();
  model.dispose();
  return times;
}

serve().catch((error: unknown) => {
  reply({ error: messageOf(error) });
  process.exitCode = 1;
});
