import { createRandom, type Random } from '../random.ts';

/** Workers that die and come back: how long they stay and how long they are away is drawn, exponentially. */
export interface WorkerDeaths {
  readonly seed: number;
  readonly meanLife: number;
  readonly meanAbsence: number;
}

/** Workers in virtual time, each with at most one piece of work. */
export interface Fleet<Work> {
  now(): number;
  /** Workers that are there. */
  countPresent(): number;
  /** Those of them that have nothing to do. */
  countIdle(): number;
  /** Gives work that takes so long to the first idle worker; there must be one. @returns the worker's number, from 0 */
  start(work: Work, duration: number): number;
  /** Lets time go on to what happens next. Null where a worker came, or one went that had no work. */
  advance(): FleetNews<Work> | null;
}

export interface FleetNews<Work> {
  /** `lost`: the worker died before the work was done. */
  readonly kind: 'end' | 'lost';
  readonly work: Work;
  readonly worker: number;
}

interface VirtualWorker<Work> {
  readonly number: number;
  readonly random: Random | null;
  /** With the time at which it will be done. */
  job: { readonly work: Work; readonly endsAt: number } | null;
  isPresent: boolean;
  /** When it dies or comes back. */
  turnsAt: number;
}

/** @throws {RangeError} for a fleet that could never finish anything */
export function createFleet<Work>(size: number, deaths: WorkerDeaths | null): Fleet<Work> {
  if (!Number.isInteger(size) || size < 1) {
    throw new RangeError(`Cannot simulate ${size} workers: expected a whole number from 1`);
  }
  let time = 0;
  const workers = Array.from({ length: size }, (_, number): VirtualWorker<Work> => {
    const random = deaths === null ? null : createRandom(deaths.seed).split('worker', number);
    return { number, random, job: null, isPresent: true, turnsAt: drawEnd(0, deaths?.meanLife, random) };
  });
  const isIdle = ({ isPresent, job }: VirtualWorker<Work>) => isPresent && job === null;
  const turn = (worker: VirtualWorker<Work>) => {
    worker.isPresent = !worker.isPresent;
    worker.job = null;
    worker.turnsAt = drawEnd(time, worker.isPresent ? deaths?.meanLife : deaths?.meanAbsence, worker.random);
  };
  return {
    now: () => time,
    countPresent: () => workers.filter(({ isPresent }) => isPresent).length,
    countIdle: () => workers.filter(isIdle).length,
    start: (work, duration) => {
      const worker = workers.find(isIdle)!;
      worker.job = { work, endsAt: time + duration };
      return worker.number;
    },
    advance: () => {
      const worker = workers.reduce((first, other) => (nextTime(other) < nextTime(first) ? other : first));
      const { number, job, turnsAt } = worker;
      time = nextTime(worker);
      const isDone = job !== null && job.endsAt <= turnsAt;
      if (isDone) worker.job = null;
      else turn(worker);
      return job === null ? null : { kind: isDone ? 'end' : 'lost', work: job.work, worker: number };
    },
  };
}

function nextTime({ job, turnsAt }: VirtualWorker<unknown>): number {
  return Math.min(job?.endsAt ?? Number.POSITIVE_INFINITY, turnsAt);
}

/** Never without a generator. */
function drawEnd(from: number, mean = 0, random: Random | null): number {
  return random === null ? Number.POSITIVE_INFINITY : from - mean * Math.log(1 - random.uniform());
}
