import { describeRange, isInRange, type ParameterName, parameterNames } from '../catalog/parameters.ts';
import type { Problem } from '../errors.ts';
import { type AxisRange, axisLength, createAxis } from '../space/axis.ts';
import type { SpecDraft } from './draft.ts';
import { specLimits } from './limits.ts';

/** Rules of each range on its own: order, step, and the values in which the parameter means something. */
export function checkRanges(draft: SpecDraft): readonly Problem[] {
  return parameterNames.flatMap((name) => {
    const range = draft.ranges[name];
    if (range === undefined) return [];
    const path = `search.space.${name}`;
    return 'values' in range ? checkValues(name, path, range.values) : checkSteps(name, path, range, draft.method);
  });
}

function checkValues(name: ParameterName, path: string, values: readonly number[]): readonly Problem[] {
  return values.flatMap((value, index) => {
    const at = `${path}.values[${index}]`;
    const first = values.indexOf(value);
    const repeated = first < index ? [{ path: at, message: `repeats values[${first}], expected each once` }] : [];
    return [...repeated, ...outOfRange(name, at, value)];
  });
}

function checkSteps(
  name: ParameterName,
  path: string,
  range: Exclude<AxisRange, { readonly values: unknown }>,
  method: SpecDraft['method'],
): readonly Problem[] {
  const { min, max, step, log } = range;
  const problems = [...outOfRange(name, `${path}.min`, min), ...outOfRange(name, `${path}.max`, max)];
  if (min > max) problems.push({ path: `${path}.min`, message: `found ${min}, expected at most max, which is ${max}` });
  if (step !== undefined && step <= 0)
    problems.push({ path: `${path}.step`, message: `found ${step}, expected more than 0` });
  if (log === true && min <= 0) {
    problems.push({ path: `${path}.min`, message: `found ${min}, expected more than 0 where log is true` });
  }
  if (step === undefined && method === 'grid') {
    problems.push({ path: `${path}.step`, message: 'is required, expected the distance between grid values' });
  }
  return problems.length > 0 ? problems : tooManySteps(name, path, range);
}

function tooManySteps(name: ParameterName, path: string, range: AxisRange): readonly Problem[] {
  const length = axisLength(createAxis(name, range));
  if (length <= specLimits.stepsPerAxis) return [];
  return [{ path: `${path}.step`, message: `makes ${length} values, expected at most ${specLimits.stepsPerAxis}` }];
}

function outOfRange(name: ParameterName, path: string, value: number): Problem[] {
  return isInRange(name, value) ? [] : [{ path, message: `found ${value}, expected ${describeRange(name)}` }];
}
