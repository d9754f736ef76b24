/**
 * What the cache of teacher outputs saves: the same trial with the teacher in every step, and with its outputs read from
 * the host's cache, where an earlier trial put them. The trials alternate, and between them the teacher is timed alone:
 * the ratio should be 1 - teacherShare.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf } from '../core/errors.ts';
import type { TaskDefinition } from '../core/task.ts';
import { type Bench, type BenchRow, medianOf } from './bench.ts';
import { type Contestant, startContestant } from './contestant.ts';
import { writeNoiseCifar10 } from './noise-cifar10.ts';
import { readySchema, type TeacherCacheWork } from './teacher-cache-protocol.ts';
import { type Times, timesSchema } from './timed.ts';

const teacher = 'resnet56';
const students = ['resnet20', 'resnet8'];
const batchSize = 64;
const epochs = 2;
const images = { quick: 128, thorough: 512 };
const runs = 3;

const entry = fileURLToPath(new URL('./teacher-cache-process.js', import.meta.url));

export const teacherCache: Bench = {
  summary: "a trial's time with the teacher in every step and with its outputs cached",
  options: ['quick', 'backend'],
  peers: [],
  run: async ({ quick, backends }, say) => {
    const folder = await mkdtemp(join(tmpdir(), 'abkd-bench-'));
    const rows: BenchRow[] = [];
    const problems = new Set<string>();
    try {
      await writeNoiseCifar10(folder);
      for (const backend of backends) {
        for (const student of students) {
          const definition = defineTask(student, quick ? images.quick : images.thorough);
          try {
            rows.push(await measure({ backend, folder, definition }, say));
          } catch (error) {
            if (!problems.has(messageOf(error))) say(messageOf(error));
            problems.add(messageOf(error));
          }
        }
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    return { rows, problems: [...problems] };
  },
};

/** A distillation as the paper's recipe has it, but short. The teacher is trained for one step: its speed is the same. */
function defineTask(student: string, limitTrain: number): TaskDefinition {
  const step = { batchSize, lr: 0.01, momentum: 0.9, weightDecay: 5e-4 };
  return {
    ...{ dataset: 'cifar10', protocol: 'classification', metric: 'top1', selectOn: 'test', checkpoint: 'last' },
    teacher: { model: teacher, train: { ...step, epochs: 1, seed: 1, limitTrain: batchSize } },
    student: { model: student, weights: null },
    objective: {
      ...{ kind: 'abkd', alpha: 0.8, beta: 0.3, temperature: 4, weight: 9, ceWeight: 1 },
      ...{ scale: 'raw', compat: 'exact' },
    },
    training: {
      ...{ ...step, epochs, optimizer: 'sgd', schedule: 'step', lrWarmupEpochs: 0, dropLast: true },
      ...{ augment: 'cropFlip', augmentDraw: 'replicate', teacherOutputs: 'cached' },
      ...{ imageSize: 32, limitTrain, limitVal: null, limitTest: batchSize },
    },
    run: { kind: 'tfjs' },
    splitSeed: 1,
  };
}

interface Round {
  readonly live: Times;
  readonly cached: Times;
  /** The teacher alone, on as many batches as a trial has. */
  readonly teacher: Times;
}

async function measure(work: TeacherCacheWork, say: (line: string) => void): Promise<BenchRow> {
  const { student, training } = work.definition;
  const batches = Math.floor(training.limitTrain! / batchSize) * epochs;
  await using trials = startContestant(process.execPath, [entry], work);
  const { backend } = await trials.ready(readySchema);
  const rounds: Round[] = [];
  for (let run = 1; run <= runs; run += 1) {
    const round = await playRound(trials, batches);
    rounds.push(round);
    const { live, cached } = round;
    say(
      `${student.model} on ${backend}, run ${run} of ${runs}: ${live.seconds.toFixed(1)} s live, ${cached.seconds.toFixed(1)} s cached`,
    );
  }
  return {
    model: teacher,
    student: student.model,
    backend,
    images: training.limitTrain! * epochs,
    trialSecWithout: medianOf(rounds.map(({ live }) => live.seconds)),
    trialSecWith: medianOf(rounds.map(({ cached }) => cached.seconds)),
    ratio: medianOf(rounds.map(({ live, cached }) => cached.seconds / live.seconds)),
    teacherShare: medianOf(rounds.map((round) => round.teacher.seconds / round.live.seconds)),
    cpuRatio: medianOf(rounds.map(({ live, cached }) => cached.cpuSeconds / live.cpuSeconds)),
    cpuTeacherShare: medianOf(rounds.map((round) => round.teacher.cpuSeconds / round.live.cpuSeconds)),
  };
}

async function playRound(trials: Contestant, batches: number): Promise<Round> {
  return {
    live: await trials.ask({ trial: 'live' }, timesSchema),
    cached: await trials.ask({ trial: 'cached' }, timesSchema),
    teacher: await trials.ask({ teacher: batches }, timesSchema),
  };
}
