import cliProgress from 'cli-progress';
import type { SweepAnswer, TaskProgress } from '../core/api/sweep.ts';
import { AbkdError } from '../core/errors.ts';
import { isFinalSweepState } from '../core/sweep.ts';
import { sleep } from '../platform/async.ts';
import { systemClock } from '../platform/clock.ts';
import type { Client } from './client.ts';
import { countTrials, formatMeanSe, formatParams, formatSeconds, plural, suggestedText } from './format.ts';
import { displayWidth } from './table.ts';
import type { Terminal } from './terminal.ts';

/** Shows how far a sweep is. */
interface ProgressView {
  show(sweep: SweepAnswer): void;
  /** Something to say on the way. */
  say(text: string): void;
  close(): void;
}

/** `none` shows nothing: for callers that print one document at the end. */
export type ProgressStyle = 'bars' | 'lines' | 'none';

const pollMs = 500;
/** Needs of a sweep that nobody meets are shown after ten seconds: workers may just be starting. */
const shownUnmetReads = 20;
/** A coordinator that is started again comes back within this; after that the watch ends. */
const patienceMs = 120_000;

export function progressStyleFor(terminal: Terminal, json: boolean): ProgressStyle {
  if (json) return 'none';
  return terminal.interactive ? 'bars' : 'lines';
}

/**
 * Follows a sweep until it is final or `signal` aborts; resolves with what was read last.
 * A coordinator that is away for a while is waited for.
 * @throws {AbkdError} NOT_FOUND; UNAVAILABLE after two minutes without a coordinator
 */
export async function followSweep(
  client: Client,
  id: string,
  options: { readonly terminal: Terminal; readonly style: ProgressStyle; readonly signal?: AbortSignal },
): Promise<SweepAnswer> {
  const view = createView(options.style, options.terminal);
  const readPatiently = patientReader(() => client.readSweep(id), view);
  let unmetReads = 0;
  try {
    for (;;) {
      const sweep = await readPatiently();
      unmetReads = sweep.unmetNeeds.length > 0 ? unmetReads + 1 : 0;
      view.show(unmetReads < shownUnmetReads ? { ...sweep, unmetNeeds: [] } : sweep);
      if (isFinalSweepState(sweep.state) || !(await sleep(pollMs, options.signal))) return sweep;
    }
  } finally {
    view.close();
  }
}

function patientReader(read: () => Promise<SweepAnswer>, view: ProgressView): () => Promise<SweepAnswer> {
  let everAnswered = false;
  return async () => {
    const since = systemClock.now();
    for (let failures = 0; ; failures++) {
      try {
        const sweep = await read();
        if (failures > 0) view.say('The coordinator is back');
        everAnswered = true;
        return sweep;
      } catch (error) {
        const away = error instanceof AbkdError && error.retryable;
        if (!away || !everAnswered || systemClock.now() - since > patienceMs) throw error;
        if (failures === 0) view.say('The coordinator cannot be reached at present; waiting for it ...');
      }
      await sleep(pollMs);
    }
  };
}

function createView(style: ProgressStyle, terminal: Terminal): ProgressView {
  if (style === 'bars') return createBars(terminal);
  if (style === 'lines') return createLines(terminal);
  return { show: () => undefined, say: () => undefined, close: () => undefined };
}

/** One line at the start, at every change of state, and whenever another twentieth is done; under it, new best points. */
function createLines(terminal: Terminal): ProgressView {
  let last = '';
  const shownBest = new Map<string, string>();
  return {
    show: (sweep) => {
      const { done, total } = countTrials(sweep.trials, sweep.plannedTrials);
      const mark = [sweep.state, Math.floor((20 * done) / Math.max(1, total)), ...sweep.unmetNeeds].join('|');
      // How it ended is told by those who watch.
      if (mark === last || isFinalSweepState(sweep.state)) return;
      last = mark;
      terminal.print([overallText(sweep), ...sweep.unmetNeeds].join('; '));
      for (const task of sweep.tasks) {
        const best = task.points > 1 ? bestText(task) : null;
        if (best === null || shownBest.get(task.id) === best) continue;
        shownBest.set(task.id, best);
        terminal.print(`  best of ${taskTitle(task)}: ${best}`);
      }
    },
    say: (text) => terminal.print(text),
    close: () => undefined,
  };
}

/** A bar for the sweep and one per task, redrawn in place. */
function createBars(terminal: Terminal): ProgressView {
  const bars = new cliProgress.MultiBar({
    format: (_options, { value, total }, { title, titleWidth, note }) =>
      fitLine(
        `${String(title).slice(0, widestTitle).padEnd(Number(titleWidth))}  ${drawBar(value, total, terminal)}  ${note}`,
        terminal,
      ),
    hideCursor: true,
    linewrap: false,
    gracefulExit: false,
    fps: 10,
    emptyOnZero: true,
  });
  const shown: cliProgress.SingleBar[] = [];
  return {
    show: (sweep) => {
      const lines = [overallLine(sweep), ...sweep.tasks.map(taskLine)];
      const titleWidth = Math.min(widestTitle, Math.max(...lines.map(({ title }) => displayWidth(title))));
      for (const [index, { title, note, done, total }] of lines.entries()) {
        const payload = { title, titleWidth, note };
        const bar = shown[index];
        if (bar === undefined) shown.push(bars.create(total, done, payload));
        else {
          bar.setTotal(total);
          bar.update(done, payload);
        }
      }
    },
    say: (text) => bars.log(`${text}\n`),
    close: () => bars.stop(),
  };
}

interface BarLine {
  readonly title: string;
  readonly note: string;
  readonly done: number;
  readonly total: number;
}

function overallLine(sweep: SweepAnswer): BarLine {
  return {
    title: sweep.name,
    note: [overallText(sweep), ...sweep.unmetNeeds].join('; '),
    ...countTrials(sweep.trials, sweep.plannedTrials),
  };
}

function taskLine(task: TaskProgress): BarLine {
  const { done, total } = countTrials(task.trials, task.plannedTrials);
  const note = [`${done}/${total}`, suggestedText([task]), bestText(task)].filter((part) => part !== null).join('  ');
  return { title: `  ${taskTitle(task)}`, note, done, total };
}

/** `RUNNING: 45 of 84 trials, 2 running, 1 failed, suggested 20/40, about 2 min 03 s to go`. */
export function overallText(sweep: SweepAnswer): string {
  const { done, total } = countTrials(sweep.trials, sweep.plannedTrials);
  const { RUNNING, WAITING, PRUNED, FAILED } = sweep.trials;
  const suggested = suggestedText(sweep.tasks);
  const parts = [
    `${done} of ${plural(total, 'trial')}`,
    ...(RUNNING > 0 ? [`${RUNNING} running`] : []),
    ...(WAITING > 0 ? [`${WAITING} waiting at a rung`] : []),
    ...(PRUNED > 0 ? [`${PRUNED} stopped early`] : []),
    ...(FAILED > 0 ? [`${FAILED} failed`] : []),
    ...(suggested === null ? [] : [suggested]),
    ...(RUNNING > 0 && done === 0 && isReal(sweep) ? ['preparing teacher and data'] : []),
    ...(sweep.etaSeconds === null || isFinalSweepState(sweep.state)
      ? []
      : [`about ${formatSeconds(sweep.etaSeconds)} to go`]),
  ];
  return `${sweep.state}: ${parts.join(', ')}`;
}

function isReal({ tasks }: SweepAnswer): boolean {
  return tasks.some(({ definition }) => definition.run.kind === 'tfjs');
}

/** `mnist abkd gradNormalised`: enough to tell the tasks of a sweep apart. */
export function taskTitle(task: TaskProgress): string {
  const { objective } = task.definition;
  const scale = 'scale' in objective ? objective.scale : 'raw';
  const scaled = scale !== 'raw' && !task.objective.includes(scale) ? ` ${scale}` : '';
  return `${task.dataset} ${task.objective}${scaled}`;
}

export function bestText({ best }: TaskProgress): string | null {
  if (best === null) return null;
  return `${formatParams(best.params)} ${formatMeanSe(best.selection)} (${best.selection.n})`.trim();
}

const widestTitle = 32;

/** A third of what the titles leave, so that the best point stays readable in a narrow window. */
function barWidthIn(terminal: Terminal): number {
  return Math.max(8, Math.min(24, Math.floor((terminal.width - widestTitle) / 3)));
}

function drawBar(value: number, total: number, terminal: Terminal): string {
  const width = barWidthIn(terminal);
  const full = total === 0 ? width : Math.floor((width * value) / total);
  return terminal.style('green', '█'.repeat(full)) + terminal.style('dim', '░'.repeat(width - full));
}

/** A line that wrapped could not be redrawn in place. */
function fitLine(line: string, terminal: Terminal): string {
  const surplus = displayWidth(line) - (terminal.width - 1);
  // Colours end before the note, at the end of the line, so characters may be cut from it.
  return surplus > 0 ? `${line.slice(0, -surplus - 1)}…` : line;
}
