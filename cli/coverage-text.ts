import type { SweepAnswer } from '../core/api/sweep.ts';
import type { Coverage, MissingTrial } from '../core/coverage.ts';
import { addCoverage } from '../core/coverage.ts';
import { isFinalSweepState, type RerunKind } from '../core/sweep.ts';
import { shortId } from './format.ts';

/** Trials that are named. */
const listed = 3;

/**
 * `Coverage: 100 of 100 cells, 300 of 300 trials, 0 repeated`; under it what is missing, and the commands that run it.
 * @param program name under which the commands are called
 */
export function coverageLines(sweep: SweepAnswer, program: string): readonly string[] {
  const all = addCoverage(
    sweep.tasks.map(({ coverage }) => coverage),
    listed,
  );
  const { cells, trials, duplicates } = all;
  const tried = trials.succeeded + trials.pruned;
  const total = `Coverage: ${cells.covered} of ${cells.planned} cells, ${tried} of ${trials.planned} trials, ${duplicates} repeated`;
  const extra = extraText(all);
  const lines = [extra === null ? total : `${total} (${extra})`];
  if (all.missing.count === 0) return lines;
  const calls = rerunsOf(sweep, all).map((which) => `\`${program} rerun ${shortId(sweep.id)} --${which}\``);
  return [
    ...lines,
    `  missing: ${missingText(all)}`,
    ...(calls.length === 0 ? [] : [`  ${calls.join(' and ')} ${calls.length === 1 ? 'runs' : 'run'} exactly that`]),
  ];
}

/** `2 attempts failed, 1 was lost`. */
function extraText({ extraAttempts: { failed, lost } }: Coverage): string | null {
  if (failed + lost === 0) return null;
  const parts = [failed > 0 ? `${failed} failed` : null, lost > 0 ? `${lost} lost` : null];
  return `attempts without a result: ${parts.filter((part) => part !== null).join(', ')}`;
}

function missingText({ trials: { failed, cancelled }, missing }: Coverage): string {
  const counts = [failed > 0 ? `${failed} failed` : null, cancelled > 0 ? `${cancelled} cancelled` : null];
  const named = missing.first.map(nameOf);
  const more = missing.count - named.length;
  const names = [...named, ...(more > 0 && named.length > 0 ? [`${more} more`] : [])].join('; ');
  return [counts.filter((part) => part !== null).join(', '), ...(names === '' ? [] : [names])].join(': ');
}

function nameOf({ cell, replicate }: MissingTrial): string {
  return `${cell.replaceAll(',', ' ')} seed ${replicate}`;
}

/** The reruns that would find something to run now. */
function rerunsOf({ state }: SweepAnswer, { trials }: Coverage): readonly RerunKind[] {
  return [
    ...(trials.failed > 0 ? (['failed'] as const) : []),
    ...(trials.cancelled > 0 && isFinalSweepState(state) ? (['missing'] as const) : []),
  ];
}
