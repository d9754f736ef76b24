import { stripVTControlCharacters } from 'node:util';
import type { Paper } from './terminal.ts';

export interface Column {
  readonly title: string;
  /** Numbers stand right. @default 'left' */
  readonly align?: 'left' | 'right';
  /** May be cut with an ellipsis where the terminal is too narrow. */
  readonly flexible?: boolean;
}

const gap = '  ';
const narrowestCell = 6;

/**
 * Lines of a table: a title row, then one line per row; columns are as wide as their widest cell.
 * `width` columns are kept to where flexible columns allow it; cells may hold colour codes.
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  options: { readonly width: number; readonly styleTitle?: (text: string) => string },
): readonly string[] {
  const titles = columns.map(({ title }) => title);
  const widths = fitWidths(
    columns,
    columns.map((_, index) => Math.max(...[titles, ...rows].map((row) => displayWidth(row[index] ?? '')))),
    options.width,
  );
  const line = (cells: readonly string[]) =>
    columns
      .map((column, index) => padCell(cells[index] ?? '', widths[index]!, column.align ?? 'left'))
      .join(gap)
      .trimEnd();
  const styleTitle = options.styleTitle ?? ((text: string) => text);
  return [styleTitle(line(titles)), ...rows.map(line)];
}

/** Takes what is too much from the widest flexible column, again and again. */
function fitWidths(columns: readonly Column[], natural: readonly number[], width: number): readonly number[] {
  const widths = [...natural];
  const total = () => widths.reduce((sum, each) => sum + each, 0) + gap.length * (columns.length - 1);
  while (total() > width) {
    let widest = -1;
    for (const [index, column] of columns.entries()) {
      if (!column.flexible || widths[index]! <= narrowestCell) continue;
      if (widest < 0 || widths[index]! > widths[widest]!) widest = index;
    }
    if (widest < 0) break;
    widths[widest]! -= 1;
  }
  return widths;
}

function padCell(text: string, width: number, align: 'left' | 'right'): string {
  const size = displayWidth(text);
  if (size > width) return `${stripVTControlCharacters(text).slice(0, width - 1)}…`;
  const blank = ' '.repeat(width - size);
  return align === 'right' ? blank + text : text + blank;
}

/** Characters that a text takes on the screen: colour codes take none. */
export function displayWidth(text: string): number {
  return [...stripVTControlCharacters(text)].length;
}

/** Longer lines of text are hard to read. */
const widestSentence = 100;

/** How wide sentences are set. */
export function sentenceWidth({ width }: Pick<Paper, 'width'>): number {
  return Math.min(width, widestSentence);
}

/** Breaks a sentence into lines of at most `width` characters, later ones indented. */
export function wrapText(text: string, width: number, indent = ''): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (displayWidth(longer) <= width || line.trim() === '') line = longer;
    else {
      lines.push(line);
      line = indent + word;
    }
  }
  return [...lines, line];
}
