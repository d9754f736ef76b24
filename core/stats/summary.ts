import type { LandmarkResult, PointResult, SummaryGroup } from '../api/summary.ts';
import { findPublished } from '../catalog/paper.ts';
import { TrialState } from '../trial.ts';
import { countStates } from '../trial-counts.ts';
import { alphaLineName, bestOnAlphaLine } from './alpha-line.ts';
import { oneWayAnova } from './anova.ts';
import { differenceOf, estimate, meanOf } from './estimate.ts';
import { groupBy } from './group.ts';
import { holm } from './holm.ts';
import type { Lead } from './lead.ts';
import { leadOver, type Noise, pooledNoise } from './lead.ts';
import { summaryNotes } from './notes.ts';
import { allBySeed, judgedBySeed, landmarksAmong, type PointTrials, pointResult, poolPoints } from './points.ts';
import { rankPoints } from './ranking.ts';
import type { SummaryRow } from './row.ts';
import { groupByTeacher } from './teachers.ts';

export type { SummaryRow } from './row.ts';

const runnersUpShown = 5;
const metricUnits: Readonly<Record<string, string>> = { top1: '%' };

/** Empty where a metric has none. */
export function metricUnit(metric: string): string {
  return metricUnits[metric] ?? '';
}

/** Rows that are summarised together. */
export interface RowGroup {
  readonly rows: readonly SummaryRow[];
  readonly teacherSha256: string | null;
  /** Teachers that the fingerprint stands for. */
  readonly teachers: number;
  readonly points: readonly PointTrials[];
}

/**
 * Rows are grouped by fingerprint and teacher; two fingerprints are never mixed, nor are two teachers: the file that a
 * fingerprint names may have changed between two sweeps. Trials of several sweeps are pooled, one (cell, seed) counts
 * once, and only SUCCEEDED trials have values. Groups come in the order of their first row.
 */
export function groupRows(rows: readonly SummaryRow[]): readonly RowGroup[] {
  return [...groupBy(rows, (row) => row.fingerprint).values()].flatMap((same) => {
    const byTeacher = [...groupByTeacher(same)];
    return byTeacher.map(([teacherSha256, taught]) => ({
      ...{ rows: taught, teacherSha256, teachers: byTeacher.length, points: poolPoints(taught) },
    }));
  });
}

/** The best point of a group; null before the first success. */
export function bestPointOf({ points }: Pick<RowGroup, 'points'>): PointResult | null {
  return firstResult(rankPoints(points).ranked);
}

function firstResult([first]: readonly PointTrials[]): PointResult | null {
  return first === undefined ? null : pointResult(first);
}

/** What is best, per dataset, pair and objective. @returns in the order of the groups */
export function summariseGroups(groups: readonly RowGroup[]): readonly SummaryGroup[] {
  return adjustForMany(groups.map(summariseGroup));
}

function summariseGroup({ rows, teacherSha256, teachers, points }: RowGroup): SummaryGroup {
  const first = rows[0]!;
  const { ranked, leftOut } = rankPoints(points);
  const noise = pooledNoise(valued(points).map(allBySeed));
  const succeeded = rows.filter((row) => row.state === TrialState.SUCCEEDED);
  const trials = countStates(rows.map((row) => row.state));
  const backends = distinct(succeeded.flatMap((row) => row.backend ?? []));
  const kernelIds = distinct(succeeded.flatMap((row) => row.kernelId ?? []));
  const pointMeans = valued(points).map(({ selectionBySeed }) => meanOf([...selectionBySeed.values()]));
  const teacherValues = succeeded.flatMap((row) => row.teacherTest ?? []);
  const teacherTest = teacherValues.length === 0 ? null : meanOf(teacherValues);
  const { dataset, protocol, metric, teacher, student, objective, definition, fingerprint, comparisonKey } = first;
  return {
    dataset,
    protocol,
    metric,
    unit: metricUnit(metric),
    teacher,
    student,
    objective,
    definition,
    fingerprint,
    comparisonKey,
    sweeps: distinct(rows.map((row) => row.sweepId)),
    trials,
    teacherSha256,
    teacherTest,
    best: firstResult(ranked),
    runnersUp: ranked.slice(1, 1 + runnersUpShown).flatMap((point) => pointResult(point) ?? []),
    points: points.length,
    landmarks: landmarkResults(points, ranked, noise),
    alphaLine: alphaLineResult(points, ranked, noise, definition.objective),
    surface: null,
    published: publishedFor(first),
    anova: oneWayAnova(points.map((point) => [...point.selectionBySeed.values()])),
    backends,
    kernelIds,
    notes: summaryNotes({
      definition,
      trials,
      pointsToCome: pointsToCome(rows),
      stopped: stoppedByEpoch(points),
      backends,
      kernelIds,
      leftOut,
      teacherTest,
      teacherSha256,
      teachers,
      pointMeans,
    }),
  };
}

function pointsToCome(rows: readonly SummaryRow[]): number {
  return [...groupBy(rows, (row) => row.taskId).values()].reduce((sum, [first]) => sum + first!.pointsToCome, 0);
}

/** Points that were stopped early, by the epoch, ascending. */
function stoppedByEpoch(points: readonly PointTrials[]): ReadonlyMap<number, number> {
  const epochs = points.flatMap(({ trials }) => trials.find(({ state }) => state === TrialState.PRUNED)?.rung ?? []);
  const byEpoch = groupBy(
    epochs.sort((a, b) => a - b),
    (epoch) => epoch,
  );
  return new Map([...byEpoch].map(([epoch, stopped]) => [epoch, stopped.length]));
}

function landmarkResults(
  points: readonly PointTrials[],
  ranked: readonly PointTrials[],
  noise: Noise,
): readonly LandmarkResult[] {
  const [best] = ranked;
  return landmarksAmong(points).map(({ name, point }) => {
    const gap = best === undefined ? null : gapBetween(best, point);
    return { name, result: pointResult(point), gap, lead: leadOf(ranked, point, noise) };
  });
}

function alphaLineResult(
  points: readonly PointTrials[],
  ranked: readonly PointTrials[],
  noise: Noise,
  objective: SummaryGroup['definition']['objective'],
): SummaryGroup['alphaLine'] {
  const [best] = ranked;
  if (best === undefined) return null;
  const onLine = bestOnAlphaLine(valued(points), objective, best.selectionBySeed.size / 2);
  const result = onLine === null ? null : pointResult(onLine);
  return result === null ? null : { result, lead: leadOf(ranked, onLine!, noise) };
}

/** The lead of the best ranked point over another: chosen among all ranked ones, or by fresh seeds among confirmed ones. */
function leadOf(ranked: readonly PointTrials[], other: PointTrials, noise: Noise): Lead | null {
  const [best] = ranked;
  if (best === undefined || best === other) return null;
  const rivals = best.freshBySeed.size > 0 ? ranked.filter(({ freshBySeed }) => freshBySeed.size > 0) : ranked;
  const candidates = rivals.filter((point) => point !== other).length;
  return leadOver(judgedBySeed(best), judgedBySeed(other), noise, candidates);
}

function valued(points: readonly PointTrials[]): readonly PointTrials[] {
  return points.filter(({ selectionBySeed }) => selectionBySeed.size > 0);
}

/** Each question is asked of all groups at once: is the best better than forward KL, than the line alpha + beta = 1, ... */
function adjustForMany(groups: readonly SummaryGroup[]): readonly SummaryGroup[] {
  const leads = groups.flatMap(({ landmarks, alphaLine }) => [
    ...landmarks.map(({ name, lead }) => ({ question: name, lead })),
    { question: alphaLineName, lead: alphaLine?.lead ?? null },
  ]);
  const adjusted = new Map<Lead, Lead>();
  for (const asked of groupBy(leads, ({ question }) => question).values()) {
    const tested = asked.flatMap(({ lead }) => (lead === null || lead.p === null ? [] : [{ lead, p: lead.p }]));
    const ps = holm(tested.map(({ p }) => p));
    for (const [i, { lead }] of tested.entries()) adjusted.set(lead, { ...lead, pHolm: ps[i]! });
  }
  const adjust = (lead: Lead | null) => (lead === null ? null : (adjusted.get(lead) ?? lead));
  return groups.map((group) => ({
    ...group,
    landmarks: group.landmarks.map((landmark) => ({ ...landmark, lead: adjust(landmark.lead) })),
    alphaLine: group.alphaLine === null ? null : { ...group.alphaLine, lead: adjust(group.alphaLine.lead) },
  }));
}

/**
 * Best minus landmark over the seeds that both have: what the seeds share cancels out. The seeds that chose a confirmed
 * point are not asked again: against a landmark that was not confirmed its fresh ones stand alone.
 */
function gapBetween(best: PointTrials, landmark: PointTrials): LandmarkResult['gap'] {
  const [values, others] = [judgedBySeed(best), judgedBySeed(landmark)];
  if (best.freshBySeed.size > 0 && landmark.freshBySeed.size === 0) {
    return differenceOf(estimate([...values.values()]), estimate([...others.values()]));
  }
  return estimate(
    [...values].flatMap(([seed, value]) => {
      const other = others.get(seed);
      return other === undefined ? [] : [value - other];
    }),
  );
}

function publishedFor({ dataset, teacher, student, objective }: SummaryRow): SummaryGroup['published'] {
  const choice = objective === 'abkd' ? findPublished(dataset, teacher, student) : null;
  if (choice === null) return null;
  const { alpha, beta, value, source } = choice;
  return { alpha, beta, value, source };
}

function distinct<Item>(items: readonly Item[]): readonly Item[] {
  return [...new Set(items)].sort();
}
