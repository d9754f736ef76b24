import type { SurfaceAnswer } from '../core/api/surface.ts';
import { formatMeanSe, formatParam, landmarkTitle, paramTitle } from './format.ts';
import { wrapText } from './table.ts';
import type { Paper, Style } from './terminal.ts';

/** What stands behind a value, most important first. */
const marks = {
  recommended: '*',
  landmark: { fkl: 'F', rkl: 'R', hellinger: 'H', squaredEuclid: 'E', paper: 'P' } as Readonly<Record<string, string>>,
  triedInRegion: '#',
  region: '+',
  tried: '.',
} as const;

/** Colours of the values 0 to 9. */
const shades: readonly Style[] = [
  ...(['dim', 'dim', 'blue', 'blue', 'cyan', 'cyan', 'green', 'green', 'yellow', 'yellow'] as const),
];
const labelWidth = 7;
/** Columns of the axis below that a label takes. */
const tick = 3;

interface Cell {
  readonly mean: number | null;
  readonly mark: string;
  readonly isInRegion: boolean;
}

/** The plane as digits with marks and, below, what they mean; bars where one parameter is searched. */
export function renderMap(answer: SurfaceAnswer, paper: Paper): readonly string[] {
  const cells = markCells(answer);
  const values = cells.flat().flatMap(({ mean }) => (mean === null ? [] : [mean]));
  const [least, greatest] = [Math.min(...values), Math.max(...values)];
  const shade = (mean: number) =>
    greatest > least ? Math.min(9, Math.floor((10 * (mean - least)) / (greatest - least))) : 9;
  const draw = ({ mean, mark, isInRegion }: Cell) => {
    if (mean === null) return '  ';
    const level = shade(mean);
    const digit = paper.style(shades[level]!, String(level));
    return isInRegion || mark === marks.recommended ? `${digit}${paper.style('bold', mark)}` : digit + mark;
  };
  const body = answer.plane.y === null ? renderBars(answer, cells[0]!, draw) : renderPlane(answer, cells, draw);
  return [...body, '', ...wrapText(legendOf(answer, cells.flat(), least, greatest), paper.width, '  ')];
}

function renderPlane({ plane }: SurfaceAnswer, cells: readonly (readonly Cell[])[], draw: (cell: Cell) => string) {
  const rows = plane.ys.map((y, row) =>
    `${formatParam(y).padStart(labelWidth)} ${cells[row]!.map(draw).join('')}`.trimEnd(),
  );
  return [
    paramTitle(plane.y!).padStart(labelWidth),
    ...rows.reverse(),
    ' '.repeat(labelWidth + 1) + axisLine(plane.xs),
    `${' '.repeat(labelWidth + 1)}${paramTitle(plane.x)}`,
  ];
}

/** Values of the axis under every third column, each cell being two characters wide. */
function axisLine(xs: readonly number[]): string {
  const labels = xs.map((x, column) => (column % tick === 0 ? formatParam(x).slice(0, 2 * tick - 1) : null));
  return labels
    .map((label) => (label === null ? '' : label.padEnd(2 * tick)))
    .join('')
    .trimEnd();
}

function renderBars({ plane }: SurfaceAnswer, cells: readonly Cell[], draw: (cell: Cell) => string) {
  const lines = plane.xs.map((x, column) => {
    const [mean, sd] = [plane.mean[0]![column]!, plane.sd[0]![column]!];
    const text = mean === null ? '' : formatMeanSe({ mean, se: sd });
    return `${formatParam(x).padStart(labelWidth)}  ${draw(cells[column]!)}  ${text}`.trimEnd();
  });
  return [`${paramTitle(plane.x).padStart(labelWidth)}      mean ± sd`, ...lines];
}

function markCells(answer: SurfaceAnswer): readonly (readonly Cell[])[] {
  const { plane, region, tested, landmarks, recommended } = answer;
  const placeOf = (params: Readonly<Record<string, number>>) => {
    const column = nearest(plane.xs, params[plane.x]!);
    const row = plane.y === null ? 0 : nearest(plane.ys.map(Number), params[plane.y]!);
    return column === null || row === null ? null : `${row} ${column}`;
  };
  const isShown = (params: Readonly<Record<string, number>>) =>
    Object.entries(plane.fixed).every(([name, value]) => params[name] === value);
  const shown = tested.filter(({ params }) => isShown(params));
  const inRegion = new Set(region.cells.map(({ params }) => placeOf(params)));
  const tried = new Set(shown.map(({ params }) => placeOf(params)));
  const named = new Map(
    landmarks.flatMap(({ name, cell }) => {
      const point = shown.find((each) => each.cell === cell);
      return point === undefined ? [] : [[placeOf(point.params), marks.landmark[name] ?? 'L'] as const];
    }),
  );
  const markOf = (place: string) => {
    if (place === placeOf(recommended.params)) return marks.recommended;
    if (named.has(place)) return named.get(place)!;
    if (inRegion.has(place)) return tried.has(place) ? marks.triedInRegion : marks.region;
    return tried.has(place) ? marks.tried : ' ';
  };
  return plane.mean.map((row, y) =>
    row.map((mean, x) => ({ mean, mark: markOf(`${y} ${x}`), isInRegion: inRegion.has(`${y} ${x}`) })),
  );
}

/** The place of the nearest value; null beyond the ends. */
function nearest(values: readonly number[], wanted: number): number | null {
  const [least, greatest] = [Math.min(...values), Math.max(...values)];
  const slack = 1e-9 * Math.max(1, greatest - least);
  if (!(wanted >= least - slack && wanted <= greatest + slack)) return null;
  return values.reduce((best, value, i) => (Math.abs(value - wanted) < Math.abs(values[best]! - wanted) ? i : best), 0);
}

function legendOf({ unit }: SurfaceAnswer, cells: readonly Cell[], least: number, greatest: number): string {
  const used = new Set(cells.map(({ mark }) => mark));
  const meanings: readonly (readonly [string, string])[] = [
    [marks.recommended, 'take this'],
    ...Object.entries(marks.landmark).map(([name, mark]) => [mark, landmarkTitle(name)] as const),
    [marks.triedInRegion, 'region, tried'],
    [marks.region, 'region'],
    [marks.tried, 'tried'],
  ];
  const shown = meanings.filter(([mark]) => used.has(mark)).map(([mark, meaning]) => `${mark} ${meaning}`);
  const suffix = unit === '' ? '' : ` ${unit}`;
  return `0 is ${least.toFixed(2)}, 9 is ${greatest.toFixed(2)}${suffix}; ${shown.join(', ')}`;
}
