import type { LandmarkResult, SummaryGroup } from '../api.ts';
import { findPublished } from '../catalog/paper.ts';
import { landmarkNames, landmarkSource } from '../space/geometry.ts';
import { TrialState } from '../trial.ts';
import { countStates } from '../trial-counts.ts';
import { oneWayAnova } from './anova.ts';
import { differenceOf, estimate, meanOf } from './estimate.ts';
import { groupBy } from './group.ts';
import { summaryNotes } from './notes.ts';
import { judgedBySeed, type PointTrials, pointResult, poolPoints } from './points.ts';
import { rankPoints } from './ranking.ts';
import type { SummaryRow } from './row.ts';
import { groupByTeacher } from './teachers.ts';

export type { SummaryRow } from './row.ts';

const runnersUpShown = 5;
const metricUnits: Readonly<Record<string, string>> = { top1: '%' };

/**
 * What is best, per dataset, pair and objective. Rows are grouped by fingerprint and teacher; two fingerprints are never
 * mixed, nor are two teachers: the file that a fingerprint names may have changed between two sweeps. Trials of several sweeps are pooled, one (cell, seed) counts once, and only SUCCEEDED trials have values. Groups come
 * in the order of their first row.
 */
export function summarise(rows: readonly SummaryRow[]): readonly SummaryGroup[] {
  return [...groupBy(rows, (row) => row.fingerprint).values()].flatMap((same) => {
    const byTeacher = [...groupByTeacher(same)];
    return byTeacher.map(([teacherSha256, taught]) => summariseGroup(taught, teacherSha256, byTeacher.length));
  });
}

/** @param teachers how many the fingerprint stands for */
function summariseGroup(rows: readonly SummaryRow[], teacherSha256: string | null, teachers: number): SummaryGroup {
  const first = rows[0]!;
  const points = poolPoints(rows);
  const { ranked, leftOut } = rankPoints(points);
  const succeeded = rows.filter((row) => row.state === TrialState.SUCCEEDED);
  const trials = countStates(rows.map((row) => row.state));
  const backends = distinct(succeeded.flatMap((row) => row.backend ?? []));
  const kernelIds = distinct(succeeded.flatMap((row) => row.kernelId ?? []));
  const pointMeans = points
    .map(({ selectionBySeed }) => [...selectionBySeed.values()])
    .filter((values) => values.length > 0)
    .map(meanOf);
  const teacherValues = succeeded.flatMap((row) => row.teacherTest ?? []);
  const teacherTest = teacherValues.length === 0 ? null : meanOf(teacherValues);
  const { dataset, protocol, metric, teacher, student, objective, definition, fingerprint, comparisonKey } = first;
  return {
    dataset,
    protocol,
    metric,
    unit: metricUnits[metric] ?? '',
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
    best: ranked[0] === undefined ? null : pointResult(ranked[0]),
    runnersUp: ranked.slice(1, 1 + runnersUpShown).flatMap((point) => pointResult(point) ?? []),
    points: points.length,
    landmarks: landmarkResults(points, ranked[0]),
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

function landmarkResults(points: readonly PointTrials[], best: PointTrials | undefined): readonly LandmarkResult[] {
  return landmarkNames.flatMap((name) => {
    const point = points.find(({ sources }) => sources.includes(landmarkSource(name)));
    if (point === undefined) return [];
    return [{ name, result: pointResult(point), gap: best === undefined ? null : gapBetween(best, point) }];
  });
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
