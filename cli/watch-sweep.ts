import { isFinalSweepState } from '../core/sweep.ts';
import type { Client } from './client.ts';
import { type ExitCode as Code, ExitCode } from './command.ts';
import type { CliConfig } from './config.ts';
import { coverageLines } from './coverage-text.ts';
import { countTrials, formatSpan, plural, shortId } from './format.ts';
import { followSweep, progressStyleFor } from './progress.ts';
import { catchStopSignals } from './stop-signals.ts';
import type { Terminal } from './terminal.ts';
import { failureLines } from './trial-failures.ts';

/** Follows a sweep and says how it ended; the exit code tells the same. */
export async function watchToEnd(
  client: Client,
  id: string,
  options: { readonly terminal: Terminal; readonly config: CliConfig; readonly json: boolean },
): Promise<Code> {
  const { terminal, config, json } = options;
  const signals = catchStopSignals();
  signals.hasten.addEventListener('abort', () => process.exit(ExitCode.INTERRUPTED));
  const style = progressStyleFor(terminal, json);
  const sweep = await followSweep(client, id, { terminal, style, signal: signals.stop });
  if (!isFinalSweepState(sweep.state)) {
    const [again, stop] = ['watch', 'cancel'].map((command) => `${config.program} ${command} ${shortId(id)}`);
    terminal.note(`The sweep goes on; \`${again}\` follows it again, \`${stop}\` stops it`);
    return ExitCode.INTERRUPTED;
  }
  if (json) terminal.print(JSON.stringify(sweep, null, 2));
  else {
    const { total } = countTrials(sweep.trials);
    const took = formatSpan(sweep.startedAt ?? sweep.createdAt, sweep.finishedAt, 0);
    terminal.print(`${sweep.state}: ${sweep.trials.SUCCEEDED} of ${plural(total, 'trial')} succeeded, in ${took}`);
    for (const line of coverageLines(sweep, config.program)) terminal.print(line);
    for (const line of await failureLines(client, sweep)) terminal.print(line);
    terminal.note(`See the result with \`${config.program} best --sweep ${shortId(id)}\``);
  }
  return sweep.state === 'COMPLETED' ? ExitCode.OK : ExitCode.SWEEP_FAILED;
}
