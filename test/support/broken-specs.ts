import { specLimits } from '../../core/spec/limits.ts';

/** A submission that must be refused, with the paths that the answer must name (exactly these). */
export interface BrokenSpec {
  readonly title: string;
  readonly contentType: string;
  readonly body: string;
  readonly status: 400 | 413 | 415 | 422;
  /** Empty for submissions that are refused before they are a spec. */
  readonly paths: readonly string[];
}

type Document = Readonly<Record<string, unknown>>;

/** A small spec that is accepted; each broken one differs from it in what its title says. */
export const goodSpec = {
  name: 'good',
  tasks: [{ dataset: 'mnist', teacher: { model: 'cnn-m', train: { epochs: 1 } }, student: { model: 'cnn-s' } }],
  objectives: [{ kind: 'abkd' }],
  search: {
    method: 'grid',
    space: { alpha: { min: 0, max: 1, step: 0.5 }, beta: { min: 0, max: 1, step: 0.5 } },
  },
} as const;

const { search, tasks } = goodSpec;
const [task] = tasks;

function json(title: string, document: unknown, paths: readonly string[]): BrokenSpec {
  return { title, contentType: 'application/json', body: JSON.stringify(document), status: 422, paths };
}

function yaml(title: string, body: string, status: BrokenSpec['status'], paths: readonly string[] = []): BrokenSpec {
  return { title, contentType: 'application/yaml', body, status, paths };
}

const changed = (title: string, change: Document, ...paths: readonly string[]) =>
  json(title, { ...goodSpec, ...change }, paths);

const withTask = (title: string, change: Document, ...paths: readonly string[]) =>
  changed(title, { tasks: [{ ...task, ...change }] }, ...paths);

const withSearch = (title: string, change: Document, ...paths: readonly string[]) =>
  changed(title, { search: { ...search, ...change } }, ...paths);

const withAlpha = (title: string, alpha: unknown, ...paths: readonly string[]) =>
  withSearch(title, { space: { ...search.space, alpha } }, ...paths);

const yamlHead = [
  'name: y',
  'tasks: [{ dataset: mnist, teacher: { model: cnn-m }, student: { model: cnn-s } }]',
  'search:',
  '  space:',
  '    beta: { values: [0] }',
].join('\n');

const yamlBomb = ['a: &a [x, x, x, x, x, x, x, x, x]']
  .concat(['b', 'c', 'd', 'e', 'f', 'g'].map((key, index) => `${key}: &${key} [${aliases('abcdef'[index]!)}]`))
  .join('\n');

function aliases(anchor: string): string {
  return Array.from({ length: 9 }, () => `*${anchor}`).join(', ');
}

export const brokenSpecs: readonly BrokenSpec[] = [
  // Not a document.
  yaml('YAML that does not parse', 'name: [1,\ntasks: 2', 400),
  yaml('YAML with a tag that would run code', 'name: !!js/function "function () {}"', 400),
  yaml('YAML bomb', yamlBomb, 400),
  yaml('YAML nested beyond the stack', '['.repeat(50_000) + ']'.repeat(50_000), 400),
  yaml('YAML with far too many keys', 'k: 1\n'.repeat(150_000), 400),
  yaml('YAML that names a key twice', `${yamlHead}\nname: again`, 400),
  yaml('two YAML documents', `${yamlHead}\n---\nname: second`, 400),
  {
    title: 'JSON that is cut off',
    contentType: 'application/json',
    body: '{"name": "x", "tasks": [',
    status: 400,
    paths: [],
  },
  { title: 'empty body', contentType: 'application/json', body: '', status: 400, paths: [] },
  {
    title: 'body above 1 MiB',
    contentType: 'application/json',
    body: JSON.stringify({ ...goodSpec, name: 'x'.repeat(specLimits.bytes) }),
    status: 413,
    paths: [],
  },
  { title: 'plain text', contentType: 'text/plain', body: JSON.stringify(goodSpec), status: 415, paths: [] },
  { title: 'XML', contentType: 'application/xml', body: '<sweep/>', status: 415, paths: [] },

  // Not a spec.
  json('a list instead of a spec', [], ['']),
  json('an empty object', {}, ['name', 'tasks', 'objectives[0].alpha', 'objectives[0].beta']),
  changed('unknown field', { colour: 'red' }, 'colour'),
  withTask('misspelt field inside a task', { studnet: { model: 'cnn-s' } }, 'tasks[0].studnet'),
  changed('name of the wrong type', { name: 5 }, 'name'),
  changed('empty name', { name: '' }, 'name'),
  changed('overlong name', { name: 'n'.repeat(121) }, 'name'),
  changed('name with control characters', { name: 'a\u0007b' }, 'name'),
  changed('no task', { tasks: [] }, 'tasks'),
  changed('the same task twice', { tasks: [task, task] }, 'tasks[1]'),
  changed(
    'the same task with a default spelt out',
    { tasks: [task, { ...task, teacher: { model: 'cnn-m', train: { epochs: 1, seed: 1 } } }] },
    'tasks[1]',
  ),
  withTask('unknown dataset', { dataset: 'mnsit' }, 'tasks[0].dataset'),
  withTask('unknown model', { student: { model: 'cnn-xl' } }, 'tasks[0].student.model'),
  withTask('no teacher for a distilling objective', { teacher: undefined }, 'tasks[0].teacher'),
  withTask(
    'teacher training out of range',
    { teacher: { model: 'cnn-m', train: { epochs: 0, seed: -1, lr: 0 } } },
    'tasks[0].teacher.train.epochs',
    'tasks[0].teacher.train.seed',
    'tasks[0].teacher.train.lr',
  ),
  withTask(
    'weights outside the data folder',
    { teacher: { model: 'cnn-m', weights: '../../etc/passwd' } },
    'tasks[0].teacher.weights',
  ),
  withTask(
    'weights under an absolute path',
    { teacher: { model: 'cnn-m', weights: '/etc/passwd' } },
    'tasks[0].teacher.weights',
  ),
  withTask(
    'weights of an artifact without its whole hash',
    { student: { model: 'cnn-s', weights: 'artifact:sha256:abc123' } },
    'tasks[0].student.weights',
  ),
  withTask(
    'weights at an address',
    { student: { model: 'cnn-s', weights: 'https://example.org/cnn-s.safetensors' } },
    'tasks[0].student.weights',
  ),
  withTask(
    'teacher both trained and with weights',
    { teacher: { model: 'cnn-m', train: { epochs: 1 }, weights: 'teachers/cnn-m.safetensors' } },
    'tasks[0].teacher',
  ),

  withTask(
    'normalisation by an unknown name',
    { student: { model: 'cnn-s', weights: 'a.th', normalisation: 'imagnet' } },
    'tasks[0].student.normalisation',
  ),
  withTask(
    'normalisation with a mean and no deviation',
    { student: { model: 'cnn-s', weights: 'a.th', normalisation: { mean: [0.5] } } },
    'tasks[0].student.normalisation.std',
  ),
  withTask(
    'normalisation of a student from scratch',
    { student: { model: 'cnn-s', normalisation: 'imagenet' } },
    'tasks[0].student.normalisation',
  ),
  withTask(
    'normalisation of an artifact',
    { teacher: { model: 'cnn-m', weights: `artifact:sha256:${'0'.repeat(64)}`, normalisation: 'imagenet' } },
    'tasks[0].teacher.normalisation',
  ),
  withTask(
    'normalisation with fewer deviations than means',
    { teacher: { model: 'cnn-m', weights: 'a.th', normalisation: { mean: [0.5, 0.5, 0.5], std: [0.2] } } },
    'tasks[0].teacher.normalisation.std',
  ),

  // Not possible.
  withAlpha('min above max', { min: 1, max: 0, step: 0.1 }, 'search.space.alpha.min'),
  withAlpha('step 0', { min: 0, max: 1, step: 0 }, 'search.space.alpha.step'),
  withAlpha('negative step', { min: 0, max: 1, step: -0.1 }, 'search.space.alpha.step'),
  withAlpha('grid without step', { min: 0, max: 1 }, 'search.space.alpha.step'),
  withAlpha('no value', { values: [] }, 'search.space.alpha.values'),
  withAlpha('a value twice', { values: [0.5, 0.5] }, 'search.space.alpha.values[1]'),
  withAlpha('alpha beyond its range', { min: -9, max: 1, step: 1 }, 'search.space.alpha.min'),
  withAlpha('range of the wrong type', { min: '0', max: 1, step: 0.5 }, 'search.space.alpha.min'),
  withSearch('unknown parameter', { space: { ...search.space, delta: { values: [1] } } }, 'search.space.delta'),
  withAlpha('huge grid', { min: 0, max: 1, step: 0.000001 }, 'search.space'),
  withAlpha('huge axis', { min: 0, max: 1, step: 1e-12 }, 'search.space.alpha.step'),
  changed(
    'too many trials',
    {
      replicates: 1000,
      search: { ...search, space: { alpha: { min: 0, max: 1, step: 0.01 }, beta: { values: [0, 1] } } },
    },
    'search.space',
  ),
  withSearch('constraints that leave nothing', { constraints: ['alpha + beta >= 3'] }, 'search.constraints'),
  withSearch('code in a constraint', { constraints: ['process.exit(1)'] }, 'search.constraints[0]'),
  withSearch('a call inside a constraint', { constraints: ['alpha + eval(1) <= 1'] }, 'search.constraints[0]'),
  withSearch('a product of parameters', { constraints: ['alpha * beta <= 1'] }, 'search.constraints[0]'),
  withSearch('a constraint over an unknown name', { constraints: ['alpha + gamma <= 1'] }, 'search.constraints[0]'),
  withSearch('random search without points', { method: 'random' }, 'search.points'),
  withSearch('transfer to a search that no results decide', { transfer: 'auto' }, 'search.transfer'),
  withSearch('transfer from something unknown', { transfer: 'always' }, 'search.transfer'),
  withSearch('adaptive search without points', { method: 'gp' }, 'search.points'),
  withSearch(
    'adaptive search with more points than its model can hold',
    { method: 'gp', points: 5_000 },
    'search.points',
  ),
  withSearch(
    'adaptive search where constraints leave nothing',
    { method: 'gp', points: 5, space: { ...search.space, alpha: { min: 0, max: 1 } }, constraints: ['alpha >= 2'] },
    'search.constraints',
  ),
  withAlpha('logarithmic range from 0', { min: 0, max: 1, step: 0.5, log: true }, 'search.space.alpha.min'),
  withAlpha('logarithmic list', { values: [0.1, 1], log: true }, 'search.space.alpha.log'),
  withAlpha('categorical range', { min: 0, max: 1, step: 0.5, categorical: true }, 'search.space.alpha.categorical'),
  withSearch('unknown landmark', { include: ['fkl', 'kl'] }, 'search.include[1]'),
  changed('alpha and beta neither searched nor fixed', { search: {} }, 'objectives[0].alpha', 'objectives[0].beta'),
  changed(
    'alpha of an objective without it',
    { objectives: [{ kind: 'abkd' }, { kind: 'kd', alpha: 1 }] },
    'objectives[1].alpha',
  ),
  changed(
    'temperature of ce',
    { objectives: [{ kind: 'abkd' }, { kind: 'ce', temperature: 4 }] },
    'objectives[1].temperature',
  ),
  changed('alpha searched by no objective', { objectives: [{ kind: 'abkd', alpha: 1 }] }, 'search.space.alpha'),
  changed('unknown objective', { objectives: [{ kind: 'magic' }] }, 'objectives[0].kind'),
  changed(
    'the same objective twice',
    { objectives: [{ kind: 'abkd' }, { kind: 'abkd', scale: 'raw' }] },
    'objectives[1]',
  ),
  changed(
    'learning rate fixed and searched',
    { training: { lr: 0.1 }, search: { ...search, space: { ...search.space, lr: { values: [0.1] } } } },
    'training.lr',
  ),
  changed(
    'training out of range',
    { training: { epochs: 0, batchSize: 1e9, imageSize: 4, momentum: 2, limitTrain: 0 } },
    'training.epochs',
    'training.batchSize',
    'training.imageSize',
    'training.momentum',
    'training.limitTrain',
  ),
  changed(
    'training fields of the wrong kind',
    { training: { optimizer: 'adam', augment: 'flip', dropLast: 'yes', lrWarmupEpochs: -1, teacherOutputs: true } },
    'training.optimizer',
    'training.augment',
    'training.dropLast',
    'training.lrWarmupEpochs',
    'training.teacherOutputs',
  ),
  changed('recipe that the dataset lacks', { training: { recipe: 'paper' } }, 'training.recipe'),
  changed('warm-up beyond the end', { training: { lrWarmupEpochs: 6 } }, 'training.lrWarmupEpochs'),
  changed(
    'fresh augmentation per trial from a cache',
    { training: { augment: 'cropFlip', augmentDraw: 'trial', teacherOutputs: 'cached' } },
    'training.teacherOutputs',
  ),
  changed('draws of no augmentation', { training: { augmentDraw: 'trial' } }, 'training.augmentDraw'),
  changed('momentum of AdamW', { training: { optimizer: 'adamw', momentum: 0.9 } }, 'training.momentum'),
  changed(
    'search for the momentum of AdamW',
    {
      training: { optimizer: 'adamw' },
      search: { ...search, space: { ...search.space, momentum: { values: [0, 0.9] } } },
    },
    'search.space.momentum',
  ),
  changed(
    'limits out of range',
    { limits: { maxParallel: 0, timeoutMinutes: -1 } },
    'limits.maxParallel',
    'limits.timeoutMinutes',
  ),
  changed('early stopping of an unknown kind', { earlyStop: { method: 'sometimes' } }, 'earlyStop.method'),
  changed('early stopping without a first rung', { earlyStop: { method: 'asha' } }, 'earlyStop.minEpochs'),
  changed(
    'early stopping out of range',
    { earlyStop: { method: 'median', minEpochs: 0, reduction: 1, minPoints: 0 } },
    'earlyStop.minEpochs',
    'earlyStop.reduction',
    'earlyStop.minPoints',
  ),
  changed(
    'early stopping with a field of another method',
    { earlyStop: { method: 'asha', minEpochs: 1, minPoints: 5 } },
    'earlyStop.minPoints',
  ),
  changed('first rung at the end', { earlyStop: { method: 'hyperband', minEpochs: 5 } }, 'earlyStop.minEpochs'),
  changed(
    'first rung beyond the steps of a noop run',
    { earlyStop: { method: 'asha', minEpochs: 3 }, run: { kind: 'noop', steps: 2 } },
    'earlyStop.minEpochs',
  ),
  yaml('NaN', `${yamlHead}\n    alpha: { min: .nan, max: 1, step: 0.5 }`, 422, ['search.space.alpha.min']),
  yaml('infinity', `${yamlHead}\n    alpha: { min: 0, max: .inf, step: 0.5 }`, 422, ['search.space.alpha.max']),

  // Noise.
  changed('seeds that a grid cannot spend', { replicates: { min: 2, max: 6 } }, 'replicates'),
  json(
    'fewer seeds at most than at least',
    { ...goodSpec, search: { ...search, method: 'gp', points: 3 }, replicates: { min: 3, max: 2 } },
    ['replicates.min'],
  ),
  changed('seeds without an upper end', { replicates: { min: 2 } }, 'replicates.max'),
  changed('a confirmation of nothing', { confirm: { points: 0, seeds: 3 } }, 'confirm.points'),
  changed('a confirmation without seeds', { confirm: { points: 2 } }, 'confirm.seeds'),
  withSearch('a stop of a search that is planned as a whole', { stop: { within: 1, probability: 0.9 } }, 'search.stop'),
  json(
    'a stop that is never sure',
    { ...goodSpec, search: { ...search, method: 'gp', points: 3, stop: { within: 0, probability: 1 } } },
    ['search.stop.within', 'search.stop.probability'],
  ),

  // Known, and not built yet.
  withTask('dataset of a later version', { dataset: 'cifar100' }, 'tasks[0].dataset'),
  withTask('model of a later version', { student: { model: 'clip-vit-b16' } }, 'tasks[0].student.model'),
  withTask('protocol of a later version', { protocol: 'baseToNew' }, 'tasks[0].protocol'),
  changed('objective of a later version', { objectives: [{ kind: 'abkd' }, { kind: 'gkd' }] }, 'objectives[1].kind'),
  changed('resources', { resources: { gpus: 1 } }, 'resources'),
  changed('external command', { run: { kind: 'command' } }, 'run.kind'),

  // Everything at once.
  json(
    'problems in every part',
    {
      name: '',
      tasks: [{ dataset: 'nope', student: {} }],
      objectives: [{ kind: 'kd' }],
      search: { method: 'best', space: { alpha: { min: 2, max: 1, step: 0 } }, constraints: ['alpha'] },
      replicates: 0,
      confirm: {},
    },
    [
      'name',
      'tasks[0].dataset',
      'tasks[0].student.model',
      'search.method',
      'replicates',
      'confirm.points',
      'confirm.seeds',
      'search.space.alpha.min',
      'search.space.alpha.step',
      'search.constraints[0]',
      'search.space.alpha',
    ],
  ),
];
