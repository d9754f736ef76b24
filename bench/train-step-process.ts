/** Ours in `train-step`: one backend and one network in a process of its own. Started by train-step.ts. */
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { messageOf } from '../core/errors.ts';
import { type ActiveBackend, initBackend } from '../worker/tf/backend.ts';
import { kernelShares } from './kernel-shares.ts';
import type { TrainStepWork } from './train-step-protocol.ts';
import { createTraining, type Training } from './training.ts';

const requestSchema = z.union([z.object({ run: z.int() }), z.object({ profile: z.int(), kernels: z.boolean() })]);

const reply = (line: object) => void process.stdout.write(`${JSON.stringify(line)}\n`);

async function serve(): Promise<void> {
  const { backend: name, ...work } = JSON.parse(process.argv[2] ?? 'null') as TrainStepWork & { backend: string };
  const active = await initBackend(name);
  using training = createTraining(work);
  await training.run(2);
  const { seconds: stepSec } = await training.run(1);
  reply({ parameters: training.parameters, stepSec, backend: active.backend, isHardware: active.isHardware });
  for await (const line of createInterface({ input: process.stdin })) {
    const request = requestSchema.parse(JSON.parse(line));
    if ('run' in request) reply(await training.run(request.run));
    else reply(await profile(training, active, request.profile, request.kernels));
  }
}

async function profile(training: Training, { backend, deviceKind }: ActiveBackend, steps: number, kernels: boolean) {
  const peakMb = process.resourceUsage().maxRSS / 1024;
  // Calls of the others return before the work is done.
  if (deviceKind !== 'cpu') return { peakMb, shares: null, kernels: null };
  const shares = await training.shares(steps);
  return { peakMb, shares, kernels: kernels ? await kernelShares(backend, () => training.run(steps)) : null };
}

serve().catch((error: unknown) => {
  reply({ error: messageOf(error) });
  process.exitCode = 1;
});
