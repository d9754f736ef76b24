import { availableModels } from '../../core/catalog/models.ts';
import type { WeightFit, WeightReport } from '../../worker/models/weights/inspect.ts';
import { defineCommand, ExitCode, readWhole, usageError } from '../command.ts';
import { problemLines } from '../failure.ts';
import { renderTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';

const name = 'weights';

export const weights = defineCommand({
  name,
  summary: 'what a file of trained weights holds, and whether a model takes it',
  details: [
    'Reads safetensors and what torch.save wrote, old and new; nothing in a file is executed. Without --model it lists the',
    'tensors; with it, every tensor that is missing, unexpected, or of another shape, and ends with code 1 if there is any.',
  ],
  examples: [
    ['weights resnet56.th', 'its tensors with their shapes'],
    ['weights resnet56.th --model resnet56-a --classes 10', 'whether a teacher resnet56-a for 10 classes can be read'],
  ],
  args: {
    file: { type: 'positional', required: true, description: 'safetensors, .pth, .th, .pt: the content decides' },
    model: { type: 'string', valueHint: 'NAME', description: 'a model that a spec may name' },
    classes: { type: 'string', valueHint: 'N', description: 'classes of the dataset (default 10)' },
    'image-size': { type: 'string', valueHint: 'PX', description: 'pixels on each side (default 32)' },
    channels: { type: 'string', valueHint: 'N', description: '3 for colour, 1 for grey (default 3)' },
    json: { type: 'boolean', description: 'print one JSON document' },
  },
  run: async ({ args, terminal }) => {
    if (args.model !== undefined && !availableModels.includes(args.model)) {
      throw usageError(name, `--model is "${args.model}", expected one of ${availableModels.join(', ')}`);
    }
    const shape = {
      imageSize: readWhole(name, 'image-size', args['image-size'], { min: 8, max: 512 }) ?? 32,
      channels: readWhole(name, 'channels', args.channels, { min: 1, max: 4 }) ?? 3,
      classes: readWhole(name, 'classes', args.classes, { min: 1, max: 100_000 }) ?? 10,
    };
    const { initBackend } = await import('../../worker/tf/backend.ts');
    const { inspectWeights } = await import('../../worker/models/weights/inspect.ts');
    await initBackend('cpu');
    const report = await inspectWeights(args.file, args.model === undefined ? null : { name: args.model, shape });
    terminal.print(args.json ? JSON.stringify(report, null, 2) : render(args.file, report, terminal).join('\n'));
    return (report.fit?.problems.length ?? 0) > 0 ? ExitCode.ERROR : ExitCode.OK;
  },
});

function render(file: string, { tensors, normalisation, fit }: WeightReport, terminal: Terminal): readonly string[] {
  const stated =
    normalisation === null
      ? 'does not say how its images were normalised'
      : `images normalised with mean ${normalisation.mean.join(', ')} and std ${normalisation.std.join(', ')}`;
  const head = `${file}: ${tensors.length} tensors, ${stated}`;
  if (fit !== null) return [head, ...renderFit(fit, terminal)];
  const rows = tensors.map((tensor) => [tensor.name, tensor.dtype, `[${tensor.shape.join(', ')}]`]);
  const columns = [{ title: 'tensor', flexible: true }, { title: 'type' }, { title: 'shape' }];
  const styleTitle = (text: string) => terminal.style('dim', text);
  return [head, '', ...renderTable(columns, rows, { width: terminal.width, styleTitle })];
}

function renderFit({ model, shape, values, problems }: WeightFit, terminal: Terminal): readonly string[] {
  const { imageSize, channels, classes } = shape;
  const made = `${model} for ${classes} classes and images of ${imageSize}x${imageSize}x${channels}`;
  if (problems.length > 0)
    return [`${terminal.style('yellow', '✗')} ${made} does not take it:`, ...problemLines(problems)];
  return [`${terminal.style('green', '✓')} ${made} takes it: all of its ${values} values are there`];
}
