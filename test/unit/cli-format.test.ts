import { describe, expect, test } from 'vitest';
import {
  formatDifference,
  formatEstimate,
  formatP,
  formatParam,
  formatParams,
  formatSeconds,
  plural,
  suggestedText,
} from '../../cli/format.ts';
import { createLineFinder } from '../../cli/spec-lines.ts';
import { suggestionFor } from '../../cli/suggest.ts';
import { displayWidth, renderTable, wrapText } from '../../cli/table.ts';
import { transferText } from '../../cli/transfer-text.ts';

describe('format', () => {
  test('an estimate shows mean, standard error and number of seeds, without an error where one seed gives none', () => {
    expect(formatEstimate({ n: 3, mean: 91.234, sd: 0.4, se: 0.2309 })).toBe('91.23 ± 0.23 (3)');
    expect(formatEstimate({ n: 1, mean: 91.2, sd: null, se: null })).toBe('91.20 (1)');
    expect(formatEstimate(null)).toBe('–');
  });

  test('a difference carries its sign, and none where it rounds to zero', () => {
    expect(formatDifference({ mean: 1.2, se: 0.3 })).toBe('+1.20 ± 0.30');
    expect(formatDifference({ mean: -1.2, se: null })).toBe('−1.20');
    expect(formatDifference({ mean: -0.001, se: null })).toBe('0.00');
    expect(formatDifference(null)).toBe('–');
  });

  test('durations use the two largest units', () => {
    expect([0.4, 59.4, 59.6, 185, 7440, 90_000, -3].map(formatSeconds)).toEqual([
      '0 s',
      '59 s',
      '1 min 00 s',
      '3 min 05 s',
      '2 h 04 min',
      '1 d 01 h',
      '0 s',
    ]);
    expect(formatSeconds(null)).toBe('–');
  });

  test('parameters lose the noise of binary fractions and keep small values', () => {
    expect([0.1 + 0.2, 0.25, 1e-5, 0, null].map(formatParam)).toEqual(['0.3', '0.25', '0.00001', '0', '–']);
    expect(formatParams({ alpha: 0.5, beta: -0.2, lr: 0.01 })).toBe('α=0.5 β=-0.2 lr=0.01');
  });

  test('an open search shows what it has suggested, over all tasks', () => {
    const search = (state: 'OPEN' | 'FINISHED', suggested: number, planned = 20) => ({
      search: { state, suggested, planned, stopped: null, transfer: null },
    });
    expect(suggestedText([search('OPEN', 12), { search: null }])).toBe('suggested 12/20');
    expect(suggestedText([search('OPEN', 12), search('FINISHED', 20)])).toBe('suggested 32/40');
    expect(suggestedText([search('FINISHED', 20)])).toBe(null);
    // A grid whose best points are still to be confirmed suggests nothing.
    expect(suggestedText([search('OPEN', 0, 0)])).toBe(null);
  });

  test('p values read as people write them', () => {
    expect([0.2, 0.0123, 0.00004, 0].map(formatP)).toEqual(['p = 0.200', 'p = 0.012', 'p = 4e-5', 'p < 1e-15']);
    expect([plural(1, 'trial'), plural(2, 'trial')]).toEqual(['1 trial', '2 trials']);
  });
});

describe('table', () => {
  const columns = [
    { title: 'name', flexible: true },
    { title: 'n', align: 'right' },
  ] as const;

  test('columns are aligned, colour codes taking no room', () => {
    const lines = renderTable(
      columns,
      [
        ['\u001b[32mab\u001b[39m', '1'],
        ['abcdef', '100'],
      ],
      { width: 80 },
    );
    expect(lines).toEqual(['name      n', '\u001b[32mab\u001b[39m        1', 'abcdef  100']);
  });

  test('flexible columns are cut to the width of the terminal, numbers never', () => {
    const lines = renderTable(columns, [['a long name of a sweep', '12345']], { width: 20 });
    expect(lines[1]).toBe('a long name …  12345');
    expect(lines.every((line) => displayWidth(line) <= 20)).toBe(true);
  });

  test('nothing is cut where the width is infinite', () => {
    expect(renderTable(columns, [['x'.repeat(300), '1']], { width: Number.POSITIVE_INFINITY })[1]).toHaveLength(303);
  });

  test('sentences are wrapped between words, later lines indented', () => {
    expect(wrapText('one two three four', 9, '  ')).toEqual(['one two', '  three', '  four']);
  });
});

describe('transferText()', () => {
  const sources = ['cifar10', 'mnist', 'cifar10'].map((dataset) => ({
    ...{ sweepId: 's', taskId: 't', dataset, objective: 'abkd', weight: 0.2 },
  }));

  test('adds up finished tasks of one name and leaves out those that do not count', () => {
    const weighed = [...sources, { ...sources[0]!, dataset: 'eurosat', weight: 0 }];
    expect(transferText({ state: 'ON', own: 0.4, sources: weighed })).toBe(
      'transfer: cifar10 abkd 0.40, mnist abkd 0.20, own 0.40',
    );
  });

  test.each([
    [null, null, 'transfer from cifar10 abkd, mnist abkd'],
    ['MISLEADING', 1, 'transfer off: misleads'],
    ['OUTGROWN', 1, 'transfer off: own results are enough'],
  ] as const)('says in state %s what is to be known', (state, own, text) => {
    expect(transferText({ state, own, sources })).toBe(text);
  });
});

describe('suggestions', () => {
  const commands = ['up', 'demo', 'submit', 'watch', 'status', 'best', 'worker', 'workers'];

  test('a slip of the finger or a beginning finds the command', () => {
    expect(['sumbit', 'wach', 'stat', 'beest', 'workrs'].map((word) => suggestionFor(word, commands))).toEqual([
      'submit',
      'watch',
      'status',
      'best',
      'workers',
    ]);
  });

  test('a word that is like none of them suggests nothing', () => {
    expect(suggestionFor('frobnicate', commands)).toBeUndefined();
  });
});

describe('lines of a spec', () => {
  const yaml = [
    'name: x',
    'tasks:',
    '  - dataset: mnits',
    '    student: { model: cnn-s }',
    'search:',
    '  points: 3',
  ].join('\n');

  test('a path leads to its line, a missing field to that of its parent', () => {
    const lineOf = createLineFinder(yaml);
    expect(lineOf('tasks[0].dataset')).toBe(3);
    expect(lineOf('tasks[0].student.model')).toBe(4);
    expect(lineOf('search.points')).toBe(6);
    expect(lineOf('tasks[0].teacher')).toBe(3);
  });

  test('JSON has lines too; the whole document and text that cannot be read have none', () => {
    expect(createLineFinder('{\n  "search": {\n    "points": -1 } }')('search.points')).toBe(3);
    expect(createLineFinder(yaml)('')).toBeNull();
    expect(createLineFinder('a: [1')('a')).toBeNull();
  });
});
