import { add, compare, type Decimal, digitsAt, multiply, toDecimal } from './decimal.ts';

/** One searched parameter: the values it may take, evenly spaced or listed. */
export type Axis =
  | {
      readonly kind: 'steps';
      readonly name: string;
      readonly min: Decimal;
      readonly step: Decimal;
      readonly count: number;
      /** True where equal ratios count as equal distances; then min > 0. */
      readonly log: boolean;
    }
  | {
      readonly kind: 'values';
      readonly name: string;
      readonly values: readonly Decimal[];
      /** False where the values are names of choices: no two are closer to each other than any other two. */
      readonly ordered: boolean;
    };

/** How the range of a parameter is written in a spec. */
export type AxisRange =
  | {
      readonly min: number;
      readonly max: number;
      readonly step?: number | undefined;
      readonly log?: boolean | undefined;
    }
  | { readonly values: readonly number[]; readonly categorical?: boolean | undefined };

/**
 * The axis of a valid range: min <= max, step > 0. The last value is the greatest min + k x step that is <= max.
 * Without a step the range is continuous: it is cut into about a million steps, so that every draw has a short
 * exact text and two draws are either the same cell or visibly different.
 */
export function createAxis(name: string, range: AxisRange): Axis {
  if ('values' in range) {
    return { kind: 'values', name, values: range.values.map(toDecimal), ordered: range.categorical !== true };
  }
  const [min, max] = [toDecimal(range.min), toDecimal(range.max)];
  const step = toDecimal(range.step ?? continuousStep(range.max - range.min));
  const scale = Math.max(min.scale, max.scale, step.scale);
  const intervals = (digitsAt(max, scale) - digitsAt(min, scale)) / digitsAt(step, scale);
  return { kind: 'steps', name, min, step, count: Number(intervals) + 1, log: range.log === true };
}

/** Number of values on the axis. */
export function axisLength(axis: Axis): number {
  return axis.kind === 'steps' ? axis.count : axis.values.length;
}

/** Value `index` of the axis, from 0. */
export function axisValue(axis: Axis, index: number): Decimal {
  if (axis.kind === 'values') return axis.values[index]!;
  return add(axis.min, multiply(axis.step, { digits: BigInt(index), scale: 0 }));
}

/** True where the value is one of the axis, exactly. */
export function axisHas(axis: Axis, value: Decimal): boolean {
  if (axis.kind === 'values') return axis.values.some((own) => compare(own, value) === 0);
  const scale = Math.max(axis.min.scale, axis.step.scale, value.scale);
  const offset = digitsAt(value, scale) - digitsAt(axis.min, scale);
  const step = digitsAt(axis.step, scale);
  return offset >= 0n && offset % step === 0n && offset / step < BigInt(axis.count);
}

/** The power of ten that cuts a range into 10^6 to 10^7 steps; 1 for an empty range. */
function continuousStep(width: number): number {
  return width > 0 ? Number(`1e${Math.floor(Math.log10(width)) - 6}`) : 1;
}
