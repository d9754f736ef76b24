/**
 * Images a second of a student's training, as a trial runs it: augmented batches from a reader, the AB divergence to a
 * teacher's cached logits beside the cross-entropy, backward, SGD with momentum. Runs alternate with the peer's, so that
 * both meet the same disturbances; rates are medians, the ratio is the median of the ratios of neighbouring runs.
 */
import { fileURLToPath } from 'node:url';
import { messageOf } from '../core/errors.ts';
import { classifierNames } from '../worker/models/registry.ts';
import { backendNames } from '../worker/tf/backend.ts';
import { type Bench, type BenchOptions, type BenchRow, medianOf } from './bench.ts';
import { type Contestant, startContestant } from './contestant.ts';
import { assertInstalled, startPeer } from './peers.ts';
import { timesSchema } from './timed.ts';
import { peerReadySchema, profileSchema, readySchema, type TrainStepWork } from './train-step-protocol.ts';

const defaultModels = ['resnet20', 'wrn-16-2', 'vgg8', 'cnn-s', 'cnn-m'];
const batch = 64;

const runs = 3;
/** How long one of our runs should take, seconds. */
const runSec = { quick: 1, thorough: 6 };
const steps = { least: 2, most: 200 };

const entry = fileURLToPath(new URL('./train-step-process.js', import.meta.url));

interface Plan extends TrainStepWork {
  readonly backend: string;
  /** One of `all`: it may be absent. */
  readonly isOptional: boolean;
}

export const trainStep: Bench = {
  summary: 'images a second of training a student on a backend, and of PyTorch beside it',
  options: ['quick', 'backend', 'model', 'peer', 'python', 'kernels'],
  peers: ['torch'],
  run: async (options, say) => {
    const plans = plansFor(options);
    if (options.peer !== null) assertInstalled(options.peer, options.python);
    const rows: BenchRow[] = [];
    const problems = new Set<string>();
    const absent = new Set<string>();
    for (const plan of plans) {
      if (absent.has(plan.backend)) continue;
      try {
        rows.push(await measure(plan, options, say));
      } catch (error) {
        if (error instanceof BackendAbsent) absent.add(plan.backend);
        if (!problems.has(messageOf(error))) say(messageOf(error));
        if (!plan.isOptional) problems.add(messageOf(error));
      }
    }
    return { rows, problems: [...problems] };
  },
};

/** The backend does not work here, for whatever network. */
class BackendAbsent extends Error {}

/** Every network on every backend; `all` leaves out `cpu`, whose steps take minutes. */
function plansFor({ backends, models }: BenchOptions): readonly Plan[] {
  const isOptional = backends.length === 1 && backends[0] === 'all';
  const allowed = ['auto', ...backendNames];
  const chosen = isOptional ? backendNames.filter((name) => name !== 'cpu') : backends;
  for (const backend of chosen) {
    if (allowed.includes(backend)) continue;
    throw new Error(`Cannot use backend "${backend}": unknown, expected all, or some of ${allowed.join(', ')}`);
  }
  const works = (models ?? defaultModels).map(workOf);
  return chosen.flatMap((backend) => works.map((work) => ({ ...work, backend, isOptional })));
}

/** The demo's networks on grey digits, the published ones on small colour images of 100 classes. */
function workOf(model: string): TrainStepWork {
  if (!classifierNames.includes(model)) {
    throw new Error(`Cannot measure model "${model}": unknown, expected some of ${classifierNames.join(', ')}`);
  }
  const digits = { imageSize: 28, channels: 1, classes: 10 };
  return { model, batch, shape: model.startsWith('cnn-') ? digits : { imageSize: 32, channels: 3, classes: 100 } };
}

async function measure(plan: Plan, options: BenchOptions, say: (line: string) => void): Promise<BenchRow> {
  const { isOptional, ...work } = plan;
  await using ours = startContestant(process.execPath, [entry], work);
  const ready = await ours.ready(readySchema).catch((error: unknown) => {
    throw new BackendAbsent(messageOf(error));
  });
  if (isOptional && !ready.isHardware) {
    throw new BackendAbsent(`Left out backend ${ready.backend}: no GPU behind it`);
  }
  await using peer = options.peer === null ? null : startPeer('train_step.py', options.python, work);
  if (peer !== null) say(await prepare(peer, options.peer!, plan.model, ready.parameters));
  const target = options.quick ? runSec.quick : runSec.thorough;
  const count = Math.min(Math.max(Math.round(target / ready.stepSec), steps.least), steps.most);
  const races: Race[] = [];
  for (let run = 0; run < runs; run += 1) {
    const race = { ours: await rateOf(ours, count), peer: peer && (await rateOf(peer, count)) };
    races.push(race);
    say(`${plan.model} on ${ready.backend}, run ${run + 1} of ${runs}: ${describe(race)}`);
  }
  const { kernels, ...profile } = await ours.ask({ profile: count, kernels: options.kernels }, profileSchema);
  return {
    model: plan.model,
    batch,
    backend: ready.backend,
    ...summarise(races),
    ...profile,
    ...(options.kernels ? { kernels } : {}),
  };
}

interface Rate {
  readonly imagesPerSec: number;
  /** Processor time by wall time: more than 1 where there are several threads. */
  readonly cores: number;
}

/** Neighbouring runs. */
interface Race {
  readonly ours: Rate;
  readonly peer: Rate | null;
}

async function rateOf(contestant: Contestant, count: number): Promise<Rate> {
  const { seconds, cpuSeconds } = await contestant.ask({ run: count }, timesSchema);
  return { imagesPerSec: (count * batch) / seconds, cores: cpuSeconds / seconds };
}

function summarise(races: readonly Race[]): BenchRow {
  const against = races.flatMap(({ ours, peer }) => (peer === null ? [] : { ours, peer }));
  const hasPeer = against.length > 0;
  return {
    imagesPerSec: medianOf(races.map(({ ours }) => ours.imagesPerSec)),
    peerImagesPerSec: hasPeer ? medianOf(against.map(({ peer }) => peer.imagesPerSec)) : null,
    ratio: hasPeer ? medianOf(against.map(({ ours, peer }) => ours.imagesPerSec / peer.imagesPerSec)) : null,
    cpuRatio: hasPeer ? medianOf(against.map(({ ours, peer }) => perCore(ours) / perCore(peer))) : null,
    cores: medianOf(races.map(({ ours }) => ours.cores)),
    peerCores: hasPeer ? medianOf(against.map(({ peer }) => peer.cores)) : null,
  };
}

/** Images a second of processor time: what other programs take away from one of the two is not in it. */
function perCore({ imagesPerSec, cores }: Rate): number {
  return imagesPerSec / cores;
}

function describe({ ours, peer }: Race): string {
  const ourRate = `${ours.imagesPerSec.toFixed(1)} images/s`;
  return peer === null ? ourRate : `${ourRate}, peer ${peer.imagesPerSec.toFixed(1)} images/s`;
}

/** Waits for the peer and says how it stores images. Two networks of one name may differ; then their speeds say nothing. */
async function prepare(contestant: Contestant, peer: string, model: string, ours: number): Promise<string> {
  const { parameters, layouts } = await contestant.ready(peerReadySchema).catch((error: unknown) => {
    throw new Error(`Cannot measure peer ${peer}: ${messageOf(error)}`);
  });
  if (parameters !== ours) {
    throw new Error(`Cannot compare ${model} with ${peer}: it has ${ours} parameters here and ${parameters} there`);
  }
  const rates = Object.entries(layouts).map(([layout, rate]) => `${rate.toFixed(0)} images/s as ${layout}`);
  return `${model} in ${peer}: ${rates.join(', ')}; the faster one takes part`;
}
