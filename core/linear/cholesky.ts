/**
 * The lower Cholesky factor L of a symmetric positive definite matrix K = L Lᵀ, stored by rows, row i from
 * i (i + 1) / 2. Row i needs only rows 0 to i, so that a factor grows by rows, and a grown factor has the same bits as
 * one computed at once.
 */
export class Cholesky {
  #rows: Float64Array;
  #size = 0;

  constructor(capacity = 64) {
    this.#rows = new Float64Array((capacity * (capacity + 1)) / 2);
  }

  get size(): number {
    return this.#size;
  }

  /**
   * Appends a row of K: `row[0 .. size]`, the last entry being the diagonal one. Where rounding has made the matrix
   * indefinite the pivot is raised to 1e-10 of the diagonal entry, as if that much noise had been added.
   */
  append(row: Float64Array): void {
    const i = this.#size;
    const start = (i * (i + 1)) / 2;
    this.#reserve(start + i + 1);
    const rows = this.#rows;
    rows.set(row.subarray(0, i), start);
    forward(rows, i, rows, start);
    let sumOfSquares = 0;
    for (let k = start; k < start + i; k++) sumOfSquares += rows[k]! * rows[k]!;
    rows[start + i] = Math.sqrt(Math.max(row[i]! - sumOfSquares, 1e-10 * row[i]!));
    this.#size = i + 1;
  }

  /** A factor of its own with the first `size` rows and room for more. */
  copy(size: number, capacity = size): Cholesky {
    const copied = new Cholesky(Math.max(size, capacity));
    copied.#rows.set(this.#rows.subarray(0, (size * (size + 1)) / 2));
    copied.#size = size;
    return copied;
  }

  /** L⁻¹ b in place. */
  solveLower(b: Float64Array): Float64Array {
    return forward(this.#rows, this.#size, b, 0);
  }

  /**
   * L⁻¹ B in place for four right-hand sides at once: row i of B is `b[4 i .. 4 i + 3]`. Two rows of L at a time, so that
   * what is loaded of B serves twice; each sum is in the order of its terms. Several times as fast as one by one.
   */
  solveLowerFour(b: Float64Array): Float64Array {
    const rows = this.#rows;
    const size = this.#size;
    let i = 0;
    for (; i + 2 <= size; i += 2) {
      const [upper, lower] = [(i * (i + 1)) / 2, ((i + 1) * (i + 2)) / 2];
      const at = 4 * i;
      let [s0, s1, s2, s3] = [b[at]!, b[at + 1]!, b[at + 2]!, b[at + 3]!];
      let [t0, t1, t2, t3] = [b[at + 4]!, b[at + 5]!, b[at + 6]!, b[at + 7]!];
      for (let k = 0, from = 0; k < i; k++, from += 4) {
        // No destructuring here: it makes the loop half as fast.
        const u = rows[upper + k]!;
        const v = rows[lower + k]!;
        const b0 = b[from]!;
        s0 -= u * b0;
        t0 -= v * b0;
        const b1 = b[from + 1]!;
        s1 -= u * b1;
        t1 -= v * b1;
        const b2 = b[from + 2]!;
        s2 -= u * b2;
        t2 -= v * b2;
        const b3 = b[from + 3]!;
        s3 -= u * b3;
        t3 -= v * b3;
      }
      const pivot = 1 / rows[upper + i]!;
      const left = rows[lower + i]!;
      const next = 1 / rows[lower + i + 1]!;
      s0 *= pivot;
      s1 *= pivot;
      s2 *= pivot;
      s3 *= pivot;
      b[at] = s0;
      b[at + 1] = s1;
      b[at + 2] = s2;
      b[at + 3] = s3;
      b[at + 4] = (t0 - left * s0) * next;
      b[at + 5] = (t1 - left * s1) * next;
      b[at + 6] = (t2 - left * s2) * next;
      b[at + 7] = (t3 - left * s3) * next;
    }
    if (i < size) {
      const row = (i * (i + 1)) / 2;
      for (let lane = 0; lane < 4; lane++) {
        let sum = b[4 * i + lane]!;
        for (let k = 0; k < i; k++) sum -= rows[row + k]! * b[4 * k + lane]!;
        b[4 * i + lane] = sum * (1 / rows[row + i]!);
      }
    }
    return b;
  }

  /** L⁻ᵀ b in place. */
  solveUpper(b: Float64Array): Float64Array {
    const rows = this.#rows;
    for (let i = this.#size - 1, at = (i * (i + 1)) / 2; i >= 0; at -= i, i--) {
      const value = b[i]! / rows[at + i]!;
      b[i] = value;
      for (let k = 0; k < i; k++) b[k]! -= rows[at + k]! * value;
    }
    return b;
  }

  /** K⁻¹ b in place. */
  solve(b: Float64Array): Float64Array {
    return this.solveUpper(this.solveLower(b));
  }

  /** L z, a sample of N(0, K) for a standard normal z. */
  multiply(z: Float64Array): Float64Array {
    const out = new Float64Array(this.#size);
    for (let i = 0, at = 0; i < this.#size; at += ++i) {
      let sum = 0;
      for (let k = 0; k <= i; k++) sum += this.#rows[at + k]! * z[k]!;
      out[i] = sum;
    }
    return out;
  }

  /** ln |K|. */
  logDeterminant(): number {
    let sum = 0;
    for (let i = 0, at = 0; i < this.#size; at += ++i) sum += Math.log(this.#rows[at + i]!);
    return 2 * sum;
  }

  /** K⁻¹, full, row-major. */
  inverse(): Float64Array {
    const n = this.#size;
    // Rows of L⁻¹, each as the solution of Lᵀ... one unit vector at a time; row i of it has i + 1 entries.
    const lower = new Float64Array((n * (n + 1)) / 2);
    const rows = this.#rows;
    for (let i = 0, at = 0; i < n; at += ++i) {
      const pivot = 1 / rows[at + i]!;
      for (let k = 0, row = 0; k < i; row += ++k) {
        const factor = rows[at + k]! * pivot;
        for (let j = 0; j <= k; j++) lower[at + j]! -= factor * lower[row + j]!;
      }
      lower[at + i] = pivot;
    }
    const out = new Float64Array(n * n);
    for (let r = 0, at = 0; r < n; at += ++r) {
      for (let i = 0; i <= r; i++) {
        const factor = lower[at + i]!;
        for (let j = 0; j <= i; j++) out[i * n + j]! += factor * lower[at + j]!;
      }
    }
    for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) out[j * n + i] = out[i * n + j]!;
    return out;
  }

  #reserve(length: number): void {
    if (length <= this.#rows.length) return;
    const grown = new Float64Array(Math.max(length, 2 * this.#rows.length));
    grown.set(this.#rows);
    this.#rows = grown;
  }
}

/**
 * Solves L x = b in place, b being `values[from .. from + size - 1]`. Four rows at a time, each sum still in the order of its
 * terms: four sums in registers are not kept waiting for one another.
 */
function forward(rows: Float64Array, size: number, values: Float64Array, from: number): Float64Array {
  let j = 0;
  for (; j + 4 <= size; j += 4) {
    const [a0, a1] = [(j * (j + 1)) / 2, ((j + 1) * (j + 2)) / 2];
    const [a2, a3] = [((j + 2) * (j + 3)) / 2, ((j + 3) * (j + 4)) / 2];
    const at = from + j;
    let [s0, s1, s2, s3] = [values[at]!, values[at + 1]!, values[at + 2]!, values[at + 3]!];
    for (let k = 0; k < j; k++) {
      const value = values[from + k]!;
      s0 -= value * rows[a0 + k]!;
      s1 -= value * rows[a1 + k]!;
      s2 -= value * rows[a2 + k]!;
      s3 -= value * rows[a3 + k]!;
    }
    const x0 = s0 / rows[a0 + j]!;
    const x1 = (s1 - x0 * rows[a1 + j]!) / rows[a1 + j + 1]!;
    const x2 = (s2 - x0 * rows[a2 + j]! - x1 * rows[a2 + j + 1]!) / rows[a2 + j + 2]!;
    const x3 = (s3 - x0 * rows[a3 + j]! - x1 * rows[a3 + j + 1]! - x2 * rows[a3 + j + 2]!) / rows[a3 + j + 3]!;
    values[at] = x0;
    values[at + 1] = x1;
    values[at + 2] = x2;
    values[at + 3] = x3;
  }
  for (; j < size; j++) {
    const row = (j * (j + 1)) / 2;
    let sum = values[from + j]!;
    for (let k = 0; k < j; k++) sum -= values[from + k]! * rows[row + k]!;
    values[from + j] = sum / rows[row + j]!;
  }
  return values;
}
