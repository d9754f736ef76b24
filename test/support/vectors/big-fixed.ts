/** Fixed-point arithmetic on BigInt: a value x is stored as round(x 2^bits). About 77 decimal digits. */
const bits = 256n;
export const one = 1n << bits;

/** ln 2 in the same format. */
const ln2 = logNearOne(2n * one);

/** The exact binary value of a float64. */
export function fixed(value: number): bigint {
  let scaled = value;
  let exponent = 0n;
  while (!Number.isInteger(scaled)) {
    scaled *= 2;
    exponent += 1n;
  }
  return (BigInt(scaled) << bits) >> exponent;
}

/** The nearest float64 up to one unit in the last place. */
export function toNumber(value: bigint): number {
  if (value < 0n) return -toNumber(-value);
  const shift = Math.max(0, value.toString(2).length - 64);
  return Number(value >> BigInt(shift)) * 2 ** (shift - Number(bits));
}

export function multiply(a: bigint, b: bigint): bigint {
  return (a * b) >> bits;
}

export function divide(a: bigint, b: bigint): bigint {
  return (a << bits) / b;
}

/** e^x: x is reduced to |x| < ln 2 / 2^8, then the Taylor series, then squared back. */
export function exp(x: bigint): bigint {
  const twos = x / ln2;
  const halvings = 8n;
  const reduced = (x - twos * ln2) >> halvings;
  let term = one;
  let sum = one;
  for (let n = 1n; term !== 0n && term !== -1n; n += 1n) {
    term = multiply(term, reduced) / n;
    sum += term;
  }
  for (let i = 0n; i < halvings; i += 1n) sum = multiply(sum, sum);
  return twos >= 0n ? sum << twos : sum >> -twos;
}

/** ln x for x > 0: the power of two is split off. */
export function log(x: bigint): bigint {
  const twos = BigInt(x.toString(2).length - 1) - bits;
  return twos * ln2 + logNearOne(twos >= 0n ? x >> twos : x << -twos);
}

/** ln x for x in [1, 2] as 2 artanh((x - 1) / (x + 1)). */
function logNearOne(x: bigint): bigint {
  const ratio = divide(x - one, x + one);
  const square = multiply(ratio, ratio);
  let power = ratio;
  let sum = 0n;
  for (let n = 1n; power !== 0n; n += 2n) {
    sum += power / n;
    power = multiply(power, square);
  }
  return 2n * sum;
}

/** x^y for x > 0. */
export function power(x: bigint, y: bigint): bigint {
  return exp(multiply(y, log(x)));
}
