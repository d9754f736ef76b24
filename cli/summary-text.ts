import type { LandmarkResult, PointResult, SummaryAnswer, SummaryGroup } from '../core/api/summary.ts';
import type { AnovaResult } from '../core/stats/anova.ts';
import type { Estimate } from '../core/stats/estimate.ts';
import { addTrialCounts } from '../core/trial-counts.ts';
import {
  countTrials,
  formatChance,
  formatDifference,
  formatEstimate,
  formatMeanSe,
  formatP,
  formatParam,
  formatParams,
  landmarkTitle,
  paramTitle,
  plural,
  sortParamNames,
} from './format.ts';
import { type Column, renderTable, sentenceWidth, wrapText } from './table.ts';
import type { Paper } from './terminal.ts';

/** Runner-ups that are shown; `--json` has them all. */
const shownRunnersUp = 3;
/** Below, differences are called real; between the two, likely. */
const surePValue = 0.01;
const likelyPValue = 0.05;

/**
 * Lines of a summary: one block per group, searched objectives with the baselines of the same setting under them.
 * `objective` shows only blocks of that objective; baselines stay beside them.
 */
export function renderSummary(summary: SummaryAnswer, paper: Paper, objective?: string): readonly string[] {
  const wanted = summary.groups.filter((group) => objective === undefined || group.objective === objective);
  const beside = new Map(wanted.map((group) => [group, baselinesOf(group, summary.groups)]));
  const shownBeside = new Set([...beside.values()].flat());
  const blocks = wanted
    .filter((group) => objective !== undefined || !shownBeside.has(group))
    .sort((one, other) => (sortKeyOf(one) < sortKeyOf(other) ? -1 : 1))
    .map((group) => renderGroup(group, beside.get(group) ?? [], paper));
  return blocks.flatMap((block, index) => (index === 0 ? block : ['', ...block]));
}

/** By dataset and pair; the raw divergence before its normalised form. */
function sortKeyOf({ dataset, student, teacher, objective, definition }: SummaryGroup): string {
  return [dataset, student, teacher ?? '', objective, isNormalised(definition) ? 1 : 0].join(' ');
}

/** Groups of other objectives under the same setting that have nothing to search: `kd`, `ce`. */
function baselinesOf(group: SummaryGroup, all: readonly SummaryGroup[]): readonly SummaryGroup[] {
  if (!isSearched(group)) return [];
  return all.filter(
    (other) => other.comparisonKey === group.comparisonKey && !isSearched(other) && isTaughtAlike(group, other),
  );
}

/** False where the two are known to have had different teachers; a student that learns alone fits everywhere. */
function isTaughtAlike(one: SummaryGroup, other: SummaryGroup): boolean {
  const [first, second] = [one.teacherSha256, other.teacherSha256];
  return first === null || second === null || first === second;
}

function isSearched(group: SummaryGroup): boolean {
  const { objective } = group.definition;
  return 'alpha' in objective || 'beta' in objective || group.points > 1;
}

function renderGroup(group: SummaryGroup, baselines: readonly SummaryGroup[], paper: Paper): readonly string[] {
  const sentences = [
    differenceSentence(group, baselines),
    ...leadSentences(group),
    surfaceSentence(group),
    publishedSentence(group),
    confirmedSentence(group),
    ...noteSentences(group, baselines),
  ];
  const width = sentenceWidth(paper);
  return [
    paper.style('bold', headline(group)),
    ...wrapText(settingLine(group), paper.width, '  ').map((line) => paper.style('dim', line)),
    '',
    ...(group.best === null ? ['No trial has succeeded yet'] : renderRows(group, group.best, baselines, paper)),
    '',
    ...sentences.flatMap((sentence) => (sentence === null ? [] : wrapText(sentence, width, '  '))),
  ];
}

function headline(group: SummaryGroup): string {
  const pair = group.teacher === null ? group.student : `${group.teacher} → ${group.student}`;
  return `${group.dataset}: ${pair}, ${objectiveTitle(group)}`;
}

/** `abkd raw`, `hellinger gradNormalised`, `kd`: the kind with what tells two tasks of it in one sweep apart. */
function objectiveTitle({ objective, definition }: SummaryGroup): string {
  const { kind, ...fields } = definition.objective;
  const scale = 'scale' in fields && (kind === 'abkd' || isNormalised(definition)) ? [fields.scale] : [];
  const compat = 'compat' in fields && fields.compat !== 'exact' ? [fields.compat] : [];
  return [objective, ...[...scale, ...compat].filter((part) => !objective.includes(part))].join(' ');
}

function isNormalised({ objective }: SummaryGroup['definition']): boolean {
  return 'scale' in objective && objective.scale === 'gradNormalised';
}

function settingLine(group: SummaryGroup): string {
  const { objective, selectOn } = group.definition;
  const { done, total } = countTrials(group.trials);
  return [
    ...('temperature' in objective ? [`T ${objective.temperature}`] : []),
    ...('weight' in objective ? [`weight ${formatParam(objective.weight)}`] : []),
    `${group.metric}${group.unit === '' ? '' : ` in ${group.unit}`}, selected on ${selectOn}`,
    ...(group.teacherTest === null ? [] : [`teacher ${group.teacherTest.toFixed(2)} on test`]),
    plural(group.points, 'point'),
    done === total ? plural(total, 'trial') : `${done} of ${plural(total, 'trial')}`,
    ...(group.sweeps.length > 1 ? [`${group.sweeps.length} sweeps`] : []),
  ].join(' · ');
}

interface Row {
  readonly title: string;
  readonly point: PointResult;
  /** How far the best point leads, selection value. */
  readonly lead: Pick<Estimate, 'mean' | 'se'> | null;
}

function renderRows(
  group: SummaryGroup,
  best: PointResult,
  baselines: readonly SummaryGroup[],
  paper: Paper,
): readonly string[] {
  const rows = [
    { title: 'best', point: best, lead: null },
    ...runnerUpRows(group, best),
    ...group.landmarks.flatMap((landmark) => landmarkRow(landmark, best)),
    ...baselines.flatMap((baseline) => baselineRow(baseline, best)),
  ];
  const names = sortParamNames([...new Set(rows.flatMap(({ point }) => Object.keys(point.params)))]);
  const selection = group.definition.selectOn;
  const isConfirmed = rows.some(({ point }) => point.search !== null);
  const columns: readonly Column[] = [
    { title: '' },
    ...names.map((name): Column => ({ title: paramTitle(name), align: 'right' })),
    { title: `${selection} ± se (n)`, align: 'right' },
    // Selected on test, the selection value is the test value.
    ...(selection === 'test' ? [] : [{ title: 'test ± se (n)', align: 'right' } as const]),
    ...(isConfirmed ? [{ title: `${selection} in search`, align: 'right' } as const] : []),
    ...(rows.length > 1 ? [{ title: 'best leads by', align: 'right' } as const] : []),
  ];
  const cells = rows.map(({ title, point, lead }) => [
    title,
    ...names.map((name) => formatParam(point.params[name])),
    formatEstimate(point.selection),
    ...(selection === 'test' ? [] : [formatEstimate(point.test)]),
    ...(isConfirmed ? [point.search === null ? '' : formatEstimate(point.search)] : []),
    ...(rows.length > 1 ? [lead === null ? '' : formatDifference(lead)] : []),
  ]);
  const [titles, first, ...others] = renderTable(columns, cells, {
    width: paper.width,
    styleTitle: (text) => paper.style('dim', text),
  });
  return [titles!, paper.style('green', first!), ...others];
}

function runnerUpRows(group: SummaryGroup, best: PointResult): readonly Row[] {
  return group.runnersUp.slice(0, shownRunnersUp).map((point, index) => ({
    title: ['2nd', '3rd'][index] ?? `${index + 2}th`,
    point,
    lead: { mean: best.selection.mean - point.selection.mean, se: null },
  }));
}

function landmarkRow({ name, result, gap }: LandmarkResult, best: PointResult): readonly Row[] {
  if (result === null) return [];
  const title = landmarkTitle(name);
  const isBest = result.cell === best.cell;
  return [{ title: isBest ? `${title} (the best)` : title, point: result, lead: isBest ? null : gap }];
}

/** Baselines are tasks of their own: their errors are taken as independent. */
function baselineRow(baseline: SummaryGroup, best: PointResult): readonly Row[] {
  if (baseline.best === null) return [];
  const { selection } = baseline.best;
  const bothKnown = selection.se !== null && best.selection.se !== null;
  const se = bothKnown ? Math.hypot(selection.se ?? 0, best.selection.se ?? 0) : null;
  const lead = { mean: best.selection.mean - selection.mean, se };
  return [{ title: objectiveTitle(baseline), point: { ...baseline.best, params: {} }, lead }];
}

/** Whether the differences between points are more than chance, in words. */
export function differenceSentence(group: SummaryGroup, baselines: readonly SummaryGroup[] = []): string | null {
  if (!isSearched(group)) return null;
  const { done, total } = countTrials(addTrialCounts([group, ...baselines].map(({ trials }) => trials)));
  const soFar = done < total ? ' so far' : '';
  if (group.anova === null) {
    return 'Whether the differences between points are real cannot be said: that takes two points with two seeds each.';
  }
  const { p } = group.anova;
  const test = `(one-way ANOVA: ${formatAnova(group.anova)})`;
  if (p < surePValue) return `The differences between points are real${soFar} ${test}.`;
  if (p < likelyPValue)
    return `The differences between points are probably real${soFar} ${test}; more seeds would tell.`;
  return `The differences between points may be chance${soFar} ${test}: the best point is not shown to be better.`;
}

function formatAnova({ f, dfBetween, dfWithin, p }: AnovaResult): string {
  return `F(${dfBetween}, ${dfWithin}) = ${Number(f.toPrecision(3))}, ${formatP(p)}`;
}

/** What the leads over the landmarks and over the line alpha + beta = 1 are worth. */
function leadSentences({ landmarks, alphaLine }: SummaryGroup): readonly string[] {
  const leads = [
    ...landmarks.map(({ name, lead }) => ({ against: landmarkTitle(name), lead })),
    {
      against: alphaLine === null ? '' : `the best on α+β=1 (${formatParams(alphaLine.result.params)})`,
      lead: alphaLine?.lead ?? null,
    },
  ].flatMap(({ against, lead }) => (lead === null || lead.pHolm === null ? [] : [{ against, lead, p: lead.pHolm }]));
  if (leads.length === 0) return [];
  const { candidates } = leads[0]!.lead;
  const parts = leads.map(({ against, lead, p }) => `${against} by ${formatDifference(lead)} (${formatP(p)})`);
  const corrected = candidates > 1 ? `, corrected for the choice among ${plural(candidates, 'point')}` : '';
  return [`The best leads ${parts.join(', ')}; one-sided${corrected} and over all groups (Holm).`];
}

function surfaceSentence({ surface }: SummaryGroup): string | null {
  if (surface === null) return null;
  const { recommended, region } = surface;
  const { params, mean, sd, chance } = recommended;
  return `By a model of the surface take ${formatParams(params)}: ${formatMeanSe({ mean, se: sd })}, best of the tried cells with probability ${formatChance(chance)}; the optimum lies within ${plural(region.size, 'cell')} with ${formatChance(region.probability)}.`;
}

function publishedSentence({ published, landmarks, unit }: SummaryGroup): string | null {
  if (published === null) return null;
  const value = published.value === null ? '' : `, ${published.value} ${unit} there`;
  const ran = landmarks.some(({ name, result }) => name === 'paper' && result !== null);
  const choice = formatParams({ alpha: published.alpha, beta: published.beta });
  return `Published choice: ${choice} (${published.source}${value})${ran ? '' : '; not run here'}.`;
}

/** What the values of confirmed points are over. */
function confirmedSentence({ best, definition }: SummaryGroup): string | null {
  if (best === null || best.search === null) return null;
  const { selectOn } = definition;
  return `Values of points that have one under "${selectOn} in search" are over fresh seeds, which had no part in their choice; over the seeds that chose it the best point looks better than it is.`;
}

/** Notes of the group, and those that its baselines have beside. */
function noteSentences(group: SummaryGroup, baselines: readonly SummaryGroup[]): readonly string[] {
  const own = group.notes.map((note) => `Note: ${note}`);
  const others = baselines.flatMap(({ objective, notes }) =>
    notes.filter((note) => !group.notes.includes(note)).map((note) => `Note: ${objective}: ${note}`),
  );
  return [...own, ...others];
}
