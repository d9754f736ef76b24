import type { SweepAnswer } from '../core/api/sweep.ts';
import type { TrialAnswer } from '../core/api/trial.ts';
import type { Client } from './client.ts';
import { plural } from './format.ts';

/** Failed trials that are looked at, and different reasons that are shown. */
const readFailures = 200;
const shownReasons = 5;

/** One line per different reason why trials of a sweep failed, the most frequent first. */
export async function failureLines(client: Client, sweep: SweepAnswer): Promise<readonly string[]> {
  if (sweep.trials.FAILED === 0) return [];
  const failed = await client.listTrials(sweep.id, 'FAILED', readFailures);
  const reasons = groupByReason(failed);
  const lines = reasons.slice(0, shownReasons).map(([reason, count]) => `  ${plural(count, 'trial')}: ${reason}`);
  const more = reasons.length - lines.length;
  return ['Failed:', ...lines, ...(more > 0 ? [`  and ${plural(more, 'other reason')}`] : [])];
}

function groupByReason(failed: readonly TrialAnswer[]): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const { failure } of failed) {
    const firstLine = failure?.message.split('\n')[0] ?? 'no reason was recorded';
    const reason = failure === null ? firstLine : `${failure.kind}: ${firstLine}`;
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return [...counts].sort(([, one], [, other]) => other - one);
}
