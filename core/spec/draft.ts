import { type ParameterName, parameterNames } from '../catalog/parameters.ts';
import type { Replicates } from '../search/budget.ts';
import type { Confirmation } from '../search/confirmation.ts';
import type { AxisRange } from '../space/axis.ts';
import { replicatesOf } from './replicates.ts';
import {
  type EarlyStopSpec,
  type ObjectiveSpec,
  type SearchSpec,
  type SweepSpec,
  specSchema,
  type TaskSpec,
  type TrainingSpec,
} from './schema.ts';

/**
 * A document read part by part: what is well formed is here, what is not is undefined. It lets the rules that join
 * fields speak about the good parts of a spec while others are broken, so that all problems come at once.
 */
export interface SpecDraft {
  readonly tasks: readonly (TaskSpec | undefined)[];
  readonly objectives: readonly (ObjectiveSpec | undefined)[];
  readonly ranges: Readonly<Partial<Record<ParameterName, AxisRange>>>;
  readonly method: SearchSpec['method'] | undefined;
  /** False where the space or one of its ranges is malformed: what is missing from `ranges` may be there. */
  readonly rangesComplete: boolean;
  readonly constraints: readonly (string | undefined)[];
  readonly points: number | undefined;
  readonly transfer: SearchSpec['transfer'] | undefined;
  readonly include: readonly SearchSpec['include'][number][];
  readonly seed: number;
  readonly stop: SearchSpec['stop'];
  readonly replicates: Replicates;
  readonly confirm: Confirmation | undefined;
  readonly earlyStop: EarlyStopSpec | undefined;
  readonly training: TrainingSpec | undefined;
  readonly run: SweepSpec['run'] | undefined;
}

const { tasks, objectives, search, replicates, confirm, earlyStop, training, run } = specSchema.shape;
const searchShape = search.unwrap().shape;
const spaceShape = searchShape.space.unwrap().shape;

export function readDraft(document: unknown): SpecDraft {
  const searchPart = fieldOf(document, 'search');
  const space = fieldOf(searchPart, 'space');
  const present = parameterNames.filter((name) => fieldOf(space, name) !== undefined);
  const ranges = present.flatMap((name) => {
    const read = spaceShape[name].safeParse(fieldOf(space, name));
    return read.success && read.data !== undefined ? [[name, read.data] as const] : [];
  });
  const wanted = searchShape.points.safeParse(fieldOf(searchPart, 'points'));
  return {
    tasks: elementsOf(fieldOf(document, 'tasks')).map((task) => valid(tasks.element, task)),
    objectives: elementsOf(fieldOf(document, 'objectives') ?? [{ kind: 'abkd' }]).map((objective) =>
      valid(objectives.unwrap().element, objective),
    ),
    ranges: Object.fromEntries(ranges),
    rangesComplete: ranges.length === present.length && (space === undefined || isObject(space)),
    method: valid(searchShape.method, fieldOf(searchPart, 'method')),
    constraints: elementsOf(fieldOf(searchPart, 'constraints')).map((text) =>
      valid(searchShape.constraints.unwrap().element, text),
    ),
    points: wanted.success ? wanted.data : undefined,
    transfer: valid(searchShape.transfer, fieldOf(searchPart, 'transfer')),
    include: valid(searchShape.include, fieldOf(searchPart, 'include')) ?? [],
    seed: valid(searchShape.seed, fieldOf(searchPart, 'seed')) ?? 0,
    stop: valid(searchShape.stop, fieldOf(searchPart, 'stop')),
    replicates: replicatesOf(valid(replicates, fieldOf(document, 'replicates')) ?? 1),
    confirm: valid(confirm, fieldOf(document, 'confirm')),
    earlyStop: valid(earlyStop, fieldOf(document, 'earlyStop')),
    training: valid(training, fieldOf(document, 'training')),
    run: valid(run, fieldOf(document, 'run')),
  };
}

function valid<Output>(
  schema: { safeParse(value: unknown): { success: true; data: Output } | { success: false } },
  value: unknown,
): Output | undefined {
  const read = schema.safeParse(value);
  return read.success ? read.data : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fieldOf(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
}

function elementsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
