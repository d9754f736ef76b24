/**
 * Exact decimal numbers: `digits` x 10^-`scale`. Grids are computed in these, so that the third step of 0.1 is 0.3
 * and not 0.30000000000000004. Normal form: no trailing zero digits, scale >= 0, one zero without sign.
 */
export interface Decimal {
  readonly digits: bigint;
  readonly scale: number;
}

export const zero: Decimal = { digits: 0n, scale: 0 };

/** The decimal that the shortest text of the number names: 0.1 is exactly one tenth. The value must be finite. */
export function toDecimal(value: number): Decimal {
  const text = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value));
  if (text === null) throw new RangeError(`Cannot write ${value} as a decimal: expected a finite number`);
  const [, sign, whole, fraction = '', exponent = '0'] = text;
  const digits = BigInt(`${sign}${whole}${fraction}`);
  const scale = fraction.length - Number(exponent);
  return scale >= 0 ? normalised(digits, scale) : normalised(digits * 10n ** BigInt(-scale), 0);
}

/** The nearest double. */
export function toNumber(value: Decimal): number {
  return Number(formatDecimal(value));
}

/** Plain notation without exponent: `-0.25`, `0`, `120`. */
export function formatDecimal({ digits, scale }: Decimal): string {
  const sign = digits < 0n ? '-' : '';
  const text = (digits < 0n ? -digits : digits).toString().padStart(scale + 1, '0');
  if (scale === 0) return sign + text;
  return `${sign}${text.slice(0, -scale)}.${text.slice(-scale)}`;
}

export function add(left: Decimal, right: Decimal): Decimal {
  const scale = Math.max(left.scale, right.scale);
  return normalised(digitsAt(left, scale) + digitsAt(right, scale), scale);
}

export function multiply(left: Decimal, right: Decimal): Decimal {
  return normalised(left.digits * right.digits, left.scale + right.scale);
}

/** Below 0, 0 or above 0, as left is smaller than, equal to or greater than right. */
export function compare(left: Decimal, right: Decimal): number {
  const scale = Math.max(left.scale, right.scale);
  const [a, b] = [digitsAt(left, scale), digitsAt(right, scale)];
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The digits that the value has at a scale not smaller than its own. */
export function digitsAt(value: Decimal, scale: number): bigint {
  return value.digits * 10n ** BigInt(scale - value.scale);
}

function normalised(digits: bigint, scale: number): Decimal {
  let [shortest, places] = [digits, scale];
  while (places > 0 && shortest % 10n === 0n) {
    shortest /= 10n;
    places -= 1;
  }
  return { digits: shortest, scale: places };
}
