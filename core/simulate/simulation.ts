/**
 * A search in virtual time: what a coordinator and its workers would do with one task, decided by the same code, on
 * trials whose values are known beforehand. The same options give the same simulation. Where early stopping pauses a
 * trial, its worker is free, and it goes on from there with any.
 */
import { movesOf } from '../earlystop/moves.ts';
import { createStoppingRule, type StoppingPlan } from '../earlystop/registry.ts';
import type { StoppingRule } from '../earlystop/rule.ts';
import { nextRung } from '../earlystop/rungs.ts';
import { pointsWanted } from '../search/demand.ts';
import type { SearchPlan } from '../search/plan.ts';
import type { StepRecord } from '../search/record.ts';
import { nextStep, pointsToCome, type SearchedPoint, type SearchedTrial } from '../search/session.ts';
import { countFeasible } from '../space/space.ts';
import { isSearchedAdaptively, suggestPoints } from '../spec/objective-space.ts';
import { meanOf } from '../stats/estimate.ts';
import type { TrialPurpose } from '../trial.ts';
import type { TrialTime } from './ab-surface.ts';
import { createFleet, type Fleet, type WorkerDeaths } from './fleet.ts';

export interface SimulationOptions {
  readonly plan: SearchPlan;
  /** Points that are there before the first result. @default none */
  readonly start?: readonly StartPoint[];
  /** False where these are all that there will be. @default true */
  readonly isOpen?: boolean;
  /** How points are stopped early. @default null: every trial runs to its end */
  readonly stopping?: StoppingPlan | null;
  /** Of each trial. @default those of `stopping`, else 1 */
  readonly epochs?: number;
  readonly workers: number;
  /** Trials that may run at once. @default as many as there are workers */
  readonly maxParallel?: number;
  /** What a trial reports after an epoch; anything but a finite number fails it. */
  readonly value: (params: SearchedPoint['params'], at: TrialTime) => number | null;
  /** Time that a whole trial takes, above 0, in the unit of all times here. @default 1 */
  readonly duration?: (params: SearchedPoint['params'], replicate: number) => number;
  /** @default none */
  readonly deaths?: WorkerDeaths;
  /** Who decides, for a caller that looks on. @default nextStep */
  readonly decide?: typeof nextStep;
}

/** A point that no result brought about. */
export interface StartPoint extends Pick<SearchedPoint, 'cell' | 'params' | 'isChosen' | 'inSpace'> {
  /** Where early stopping first pauses it. @default null: it runs to its end */
  readonly firstRung?: number | null;
}

export interface SimulatedTrial extends SearchedTrial {
  readonly ordinal: number;
  readonly replicate: number;
  readonly purpose: TrialPurpose;
  /** Who runs it or ended it; null while it is queued. */
  readonly worker: number | null;
}

export interface SimulatedPoint extends SearchedPoint {
  /** Confirming ones among them. */
  readonly trials: readonly SimulatedTrial[];
}

/** `pause`: the trial reached a rung. `lost`: the worker died; the trial is queued again. */
export interface SimulationEvent {
  readonly time: number;
  readonly kind: 'start' | 'pause' | 'end' | 'lost';
  readonly worker: number;
  readonly ordinal: number;
  readonly replicate: number;
}

/** Where the search stands after a trial has ended. */
export interface SimulatedProgress {
  readonly time: number;
  /** Trials that have ended. */
  readonly trials: number;
  /** The best point so far, and the mean of the search's trials of it that succeeded; null while there is none. */
  readonly best: { readonly ordinal: number; readonly mean: number } | null;
}

export interface Simulation {
  /** In the order of suggestion. */
  readonly points: readonly SimulatedPoint[];
  /** What the search decided, in order. */
  readonly steps: readonly StepRecord[];
  /** In the order of time. */
  readonly events: readonly SimulationEvent[];
  /** After each trial that ended. */
  readonly progress: readonly SimulatedProgress[];
  /** When the last trial ended that was not stopped early. */
  readonly makespan: number;
  /** What was trained of all trials, in whole trials: one that stopped early is a part of one. */
  readonly work: number;
}

/** Runs a search to its end. */
export function simulate(options: SimulationOptions): Simulation {
  const state = begin(options);
  for (;;) {
    // What is judged may let the search go on, or conclude.
    do goOn(state, options);
    while (judgePoints(state, options));
    startTrials(state, options);
    if (openTrials(state).length === 0) break;
    awaitNews(state, options);
  }
  const { points, steps, events, progress } = state;
  const work = workOf(state, epochsOf(options));
  return { points, steps, events, progress, makespan: progress.at(-1)?.time ?? 0, work };
}

type Trial = { -readonly [Key in keyof SimulatedTrial]: SimulatedTrial[Key] };

interface State {
  readonly points: (SimulatedPoint & { readonly trials: Trial[] })[];
  /** Of all points, in the order in which they are to run. */
  readonly trials: Trial[];
  readonly steps: StepRecord[];
  readonly fleet: Fleet<Trial>;
  readonly events: SimulationEvent[];
  readonly progress: SimulatedProgress[];
  readonly rule: StoppingRule | null;
  /** Of the space; infinite where they are too many to be listed. */
  readonly cells: number;
  isOpen: boolean;
}

function begin(options: SimulationOptions): State {
  const { plan, start = [], isOpen = true, workers, deaths, stopping = null } = options;
  const rule = stopping === null ? null : createStoppingRule(stopping);
  const fleet = createFleet<Trial>(workers, deaths ?? null);
  const cells = countFeasible(plan.space);
  const state: State = { points: [], trials: [], steps: [], fleet, events: [], progress: [], rule, cells, isOpen };
  const added = start.map((point) => ({ firstRung: null, ...point }));
  const isPlanned = !isOpen || start.some(({ isChosen }) => isChosen);
  append(state, isPlanned ? added : [...added, ...plannedPoints(plan)], firstSeeds(plan));
  return state;
}

/** Points of a search in which no result decides what is tried. */
function plannedPoints({ space, method, points, seed }: SearchPlan): readonly AddedPoint[] {
  if (isSearchedAdaptively(space, { method })) return [];
  const suggestions = suggestPoints(space, { method, seed, points: points ?? undefined });
  return suggestions.map(({ cell, params }) => ({ cell, params, isChosen: true, inSpace: true }));
}

/** Trials that each point gets at once. */
function firstSeeds({ space, method, replicates }: SearchPlan): number {
  return isSearchedAdaptively(space, { method }) ? replicates.min : replicates.max;
}

/** The points get the next ordinals; replicate 0 of all of them runs first, then replicate 1, and so on. */
function append(state: State, added: readonly AddedPoint[], seeds: number): void {
  const first = state.points.length;
  const points = added.map(({ firstRung, ...point }, place) => {
    const ordinal = first + place;
    const rung = firstRung === undefined ? nextRung(state.rule, ordinal) : firstRung;
    return { rung, point: { ...point, ordinal, trials: [] } };
  });
  state.points.push(...points.map(({ point }) => point));
  for (let replicate = 0; replicate < seeds; replicate++)
    for (const { point, rung } of points) addTrial(state, point, { replicate, purpose: 'SEARCH', rung });
}

/** A point without its place; without `firstRung` the rule says where it pauses. */
type AddedPoint = Omit<SimulatedPoint, 'ordinal' | 'trials'> & Pick<StartPoint, 'firstRung'>;

function addTrial(
  state: State,
  { ordinal, trials }: State['points'][number],
  { replicate, purpose, rung }: Pick<Trial, 'replicate' | 'purpose'> & { readonly rung: number | null },
): void {
  const pauses = rung === null ? null : { rung, values: [] };
  const trial: Trial = { ordinal, replicate, purpose, state: 'open', value: null, pauses, worker: null };
  trials.push(trial);
  state.trials.push(trial);
}

/** As long as the fleet could run more than there is, and the search has it. */
function goOn(state: State, { plan, decide = nextStep, ...options }: SimulationOptions): void {
  const { maxParallel = Number.POSITIVE_INFINITY } = options;
  const replicates = firstSeeds(plan);
  while (state.isOpen) {
    const slots = state.fleet.countPresent();
    const load = { openTrials: openTrials(state).length, slots, isSearching: true };
    const wanted = pointsWanted([load], { maxParallel, slots, replicates })[0]!;
    const step = wanted === 0 ? null : decide(plan, historyOf(state), wanted);
    if (step === null) return;
    const added = step.points.map(({ cell, params }) => ({ cell, params, isChosen: true, inSpace: true }));
    append(state, added, replicates);
    // Further trials run straight to their end: their points have.
    for (const { ordinal, ...trial } of step.trials) addTrial(state, state.points[ordinal]!, { ...trial, rung: null });
    state.steps.push(step.record);
    state.isOpen = !step.isFinished;
  }
}

/** As searches and early stopping see it: confirming trials are not theirs to see. */
function historyOf({ points, steps }: State) {
  return { points: points.map((point) => ({ ...point, trials: point.trials.filter(isOfSearch) })), steps };
}

function isOfSearch({ purpose }: Trial): boolean {
  return purpose === 'SEARCH';
}

/** Points that wait at a rung go on or stop, until no more can be decided. @returns true where any did */
function judgePoints(state: State, { plan }: SimulationOptions): boolean {
  const { points, rule, isOpen } = state;
  if (rule === null) return false;
  const planned = points.length + state.cells - points.filter(({ inSpace }) => inSpace).length;
  for (let rounds = 0; ; rounds++) {
    const history = historyOf(state);
    const toCome = isOpen ? pointsToCome(plan, history, planned) : 0;
    const moves = movesOf(rule, history.points, toCome);
    if (moves.length === 0) return rounds > 0;
    for (const { ordinal, rung, next, stops } of moves) {
      const trials: readonly Trial[] = points[ordinal]!.trials;
      for (const trial of trials.filter(({ state }) => state === 'waiting')) {
        trial.state = stops ? 'stopped' : 'open';
        trial.pauses = { rung: stops ? rung : next, values: trial.pauses!.values };
      }
    }
  }
}

/** Queued trials go to idle workers; one that was lost, or goes on from a rung, is in its old place. */
function startTrials(state: State, options: SimulationOptions): void {
  const { maxParallel = Number.POSITIVE_INFINITY, duration } = options;
  const epochs = epochsOf(options);
  const open = openTrials(state);
  const waiting = open.filter(({ worker }) => worker === null);
  const room = Math.min(state.fleet.countIdle(), maxParallel - (open.length - waiting.length));
  for (const trial of waiting.slice(0, room)) {
    const { params } = state.points[trial.ordinal]!;
    const share = ((trial.pauses?.rung ?? epochs) - (trial.pauses?.values.at(-1)?.epoch ?? 0)) / epochs;
    trial.worker = state.fleet.start(trial, share * (duration?.(params, trial.replicate) ?? 1));
    note(state, 'start', trial, trial.worker);
  }
}

/** Lets time go on to what happens next. */
function awaitNews(state: State, options: SimulationOptions): void {
  const news = state.fleet.advance();
  if (news === null) return;
  const { kind, work: trial, worker } = news;
  const rung = trial.pauses?.rung ?? null;
  const isPause = kind === 'end' && rung !== null;
  note(state, isPause ? 'pause' : kind, trial, worker);
  if (kind === 'lost') trial.worker = null;
  else if (isPause) pause(state, trial, rung, options);
  else end(state, trial, options);
}

/** It keeps what the trial gave at the rung, as the store does. */
function pause({ points }: State, trial: Trial, rung: number, options: SimulationOptions): void {
  const { params } = points[trial.ordinal]!;
  const epochs = epochsOf(options);
  const curve = Array.from({ length: rung }, (_, done) => {
    return finite(options.value(params, { replicate: trial.replicate, epoch: done + 1, epochs }));
  });
  const known = curve.filter((value) => value !== null);
  const at = { epoch: rung, value: curve.at(-1)!, mean: known.length === 0 ? null : meanOf(known) };
  trial.worker = null;
  trial.state = 'waiting';
  trial.pauses = { rung, values: [...trial.pauses!.values, at] };
}

function end(state: State, trial: Trial, options: SimulationOptions): void {
  const { params } = state.points[trial.ordinal]!;
  const epochs = epochsOf(options);
  trial.value = finite(options.value(params, { replicate: trial.replicate, epoch: epochs, epochs }));
  trial.state = trial.value === null ? 'failed' : 'succeeded';
  state.progress.push({ time: state.fleet.now(), trials: state.progress.length + 1, best: bestOf(state.points) });
}

function epochsOf({ epochs, stopping }: SimulationOptions): number {
  return epochs ?? stopping?.epochs ?? 1;
}

function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}

function workOf({ trials }: State, epochs: number): number {
  const trained = trials.map(({ state, pauses }) => (state === 'stopped' ? pauses!.values.at(-1)!.epoch : epochs));
  return trained.reduce((sum, epoch) => sum + epoch, 0) / epochs;
}

/** Queued or running. */
function openTrials({ trials }: State): readonly Trial[] {
  return trials.filter(({ state }) => state === 'open');
}

function note(
  { events, fleet }: State,
  kind: SimulationEvent['kind'],
  { ordinal, replicate }: Trial,
  worker: number,
): void {
  events.push({ time: fleet.now(), kind, worker, ordinal, replicate });
}

/** By the mean over trials that succeeded, of points whose trials have all ended; ties go to the earlier one. */
function bestOf(points: readonly SimulatedPoint[]): SimulatedProgress['best'] {
  let best: SimulatedProgress['best'] = null;
  for (const { ordinal, inSpace, ...point } of points) {
    const trials = point.trials.filter(isOfSearch);
    const values = trials.flatMap(({ value }) => value ?? []);
    if (!inSpace || values.length === 0 || trials.some(({ state }) => state !== 'succeeded' && state !== 'failed'))
      continue;
    const mean = meanOf(values);
    if (best === null || mean > best.mean) best = { ordinal, mean };
  }
  return best;
}
