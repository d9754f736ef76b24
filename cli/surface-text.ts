import type { Comparison, SurfaceAnswer, TestedPoint } from '../core/api/surface.ts';
import {
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
import { renderMap } from './surface-map.ts';
import { type Column, renderTable, sentenceWidth, wrapText } from './table.ts';
import type { Paper } from './terminal.ts';

/** Tried cells that are listed; `--json` has them all. */
const shownTested = 5;

/** Lines of a surface: the map, then what it says in numbers. */
export function renderSurface(answer: SurfaceAnswer, paper: Paper): readonly string[] {
  const { dataset, objective, ordinal, n } = answer;
  const noise = n.noiseSd === null ? '' : `, one trial is ± ${n.noiseSd.toFixed(2)}`;
  const width = sentenceWidth(paper);
  const sentences = [recommendedSentence(answer), regionSentence(answer), ...importanceSentence(answer)];
  return [
    paper.style('bold', `${dataset} ${objective}, task ${ordinal}`),
    paper.style('dim', `${plural(n.points, 'point')}, ${plural(n.trials, 'trial')}${noise}`),
    '',
    ...renderMap(answer, paper),
    '',
    ...sentences.flatMap((sentence) => wrapText(sentence, width, '  ')),
    '',
    ...renderTested(answer, paper),
    ...(answer.comparisons.length === 0 ? [] : ['', ...renderComparisons(answer, paper)]),
    ...(answer.lines.length === 0 ? [] : ['', ...renderLines(answer, paper)]),
    '',
    ...[testSentence(answer), ...answer.notes.map((note) => `Note: ${note}`)]
      .filter((sentence) => sentence !== null)
      .flatMap((sentence) => wrapText(sentence, width, '  ')),
  ];
}

function recommendedSentence({ recommended, predicted, unit }: SurfaceAnswer): string {
  const { params, mean, sd, chance } = recommended;
  const taken = `Take ${formatParams(params)}: ${formatMeanSe({ mean, se: sd })}${unitOf(unit)} (model, ± sd), best of the tried cells with probability ${formatChance(chance)}.`;
  const isSame = formatParams(predicted.params) === formatParams(params);
  if (isSame || !(predicted.mean > mean)) return taken;
  return `${taken} Not tried, but expected to be better: ${formatParams(predicted.params)}, ${formatMeanSe({ mean: predicted.mean, se: predicted.sd })}.`;
}

function regionSentence({ region }: SurfaceAnswer): string {
  const extent = sortParamNames(Object.keys(region.extent)).map((name) => {
    const [least, greatest] = region.extent[name]!;
    return least === greatest
      ? `${paramTitle(name)} = ${formatParam(least)}`
      : `${paramTitle(name)} from ${formatParam(least)} to ${formatParam(greatest)}`;
  });
  return `The optimum lies in ${plural(region.size, 'cell')} with probability ${formatChance(region.probability)}: ${extent.join(', ')}.`;
}

function importanceSentence({ importance }: SurfaceAnswer): readonly string[] {
  if (importance === null) return [];
  const parts = Object.entries(importance)
    .sort(([, one], [, other]) => other - one)
    .map(([name, part]) => `${paramTitle(name)} ${formatChance(part)}`);
  return [`Of the variation over the space each parameter alone explains: ${parts.join(', ')}.`];
}

function renderTested({ tested, recommended }: SurfaceAnswer, paper: Paper): readonly string[] {
  const shown = tested.filter(({ chance }) => chance !== null).slice(0, shownTested);
  const names = sortParamNames(Object.keys(recommended.params));
  const columns: readonly Column[] = [
    ...names.map((name): Column => ({ title: paramTitle(name), align: 'right' })),
    { title: 'model ± sd', align: 'right' },
    { title: 'trials ± se (n)', align: 'right' },
    { title: 'P(best)', align: 'right' },
  ];
  const row = ({ params, mean, sd, observed, chance }: TestedPoint) => [
    ...names.map((name) => formatParam(params[name])),
    formatMeanSe({ mean, se: sd }),
    formatEstimate(observed),
    formatChance(chance),
  ];
  return table(columns, shown.map(row), paper);
}

function renderComparisons({ comparisons, recommended }: SurfaceAnswer, paper: Paper): readonly string[] {
  const names = sortParamNames(Object.keys(recommended.params));
  const columns: readonly Column[] = [
    { title: 'better than' },
    ...names.map((name): Column => ({ title: paramTitle(name), align: 'right' })),
    { title: 'by ± se (n)', align: 'right' },
    { title: 'p', align: 'right' },
    { title: 'P(better)', align: 'right' },
  ];
  const row = ({ against, other, lead, probability }: Comparison) => [
    landmarkTitle(against),
    ...names.map((name) => formatParam(other.params[name])),
    lead === null ? 'the same point' : `${formatDifference(lead)} (${lead.n})`,
    lead === null || lead.p === null ? '' : formatP(lead.p).replace('p = ', '').replace('p ', ''),
    probability === null ? '' : formatChance(probability),
  ];
  return table(columns, comparisons.map(row), paper);
}

function renderLines({ lines }: SurfaceAnswer, paper: Paper): readonly string[] {
  const columns: readonly Column[] = [
    { title: 'best on the line' },
    { title: 'α', align: 'right' },
    { title: 'β', align: 'right' },
    { title: 'model ± sd', align: 'right' },
  ];
  const rows = lines.map(({ name, best: { params, mean, sd } }) => [
    landmarkTitle(name),
    params.alpha!.toFixed(2),
    params.beta!.toFixed(2),
    formatMeanSe({ mean, se: sd }),
  ]);
  return table(columns, rows, paper);
}

/** What the p values stand for. */
function testSentence({ comparisons }: SurfaceAnswer): string | null {
  const lead = comparisons.find((comparison) => comparison.lead !== null && comparison.lead.p !== null)?.lead;
  if (lead === undefined || lead === null) return null;
  const corrected = lead.candidates > 1 ? `, corrected for the choice among ${plural(lead.candidates, 'point')}` : '';
  return `p: one-sided, over common seeds, noise pooled over all points (${lead.degreesOfFreedom} degrees of freedom)${corrected}. P(better): by the model.`;
}

function table(columns: readonly Column[], rows: readonly (readonly string[])[], paper: Paper): readonly string[] {
  return renderTable(columns, rows, { width: paper.width, styleTitle: (text) => paper.style('dim', text) });
}

function unitOf(unit: string): string {
  return unit === '' ? '' : ` ${unit}`;
}
