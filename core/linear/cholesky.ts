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
    let sumOfSquares = 0;
    for (let j = 0, at = 0; j < i; at += ++j) {
      let sum = row[j]!;
      for (let k = 0; k < j; k++) sum -= rows[start + k]! * rows[at + k]!;
      const value = sum / rows[at + j]!;
      rows[start + j] = value;
      sumOfSquares += value * value;
    }
    rows[start + i] = Math.sqrt(Math.max(row[i]! - sumOfSquares, 1e-10 * row[i]!));
    this.#size = i + 1;
  }

  /** Forgets all but the first `size` rows. */
  truncate(size: number): void {
    this.#size = Math.min(this.#size, size);
  }

  /** L⁻¹ b in place. */
  solveLower(b: Float64Array): Float64Array {
    const rows = this.#rows;
    for (let i = 0, at = 0; i < this.#size; at += ++i) {
      let sum = b[i]!;
      for (let k = 0; k < i; k++) sum -= rows[at + k]! * b[k]!;
      b[i] = sum / rows[at + i]!;
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
