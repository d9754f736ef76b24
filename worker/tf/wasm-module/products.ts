/**
 * The two matrix products that convolutions come down to. Tiles of 4 x 8 sums stay in registers: 8 of the 16 that a
 * processor with 128-bit vectors has, the others for operands. Pitches are bytes from one row to the next.
 */
import { add, mul, splat } from './lanes';

/** Bytes of a row of a panel: eight float32. */
export const panelPitch: usize = 32;

/** C [rows, 8] = A [rows, depth] . P [depth, 8], added to what C holds where `accumulates`. P is contiguous. */
export function multiplyPanel(
  a: usize,
  aPitch: usize,
  rows: i32,
  depth: i32,
  panel: usize,
  c: usize,
  cPitch: usize,
  accumulates: bool,
): void {
  let row = 0;
  for (; row + 4 <= rows; row += 4, a += aPitch * 4, c += cPitch * 4) {
    multiplyFourRows(a, aPitch, depth, panel, c, cPitch, accumulates);
  }
  for (; row < rows; row++, a += aPitch, c += cPitch) multiplyRow(a, depth, panel, c, accumulates);
}

function multiplyFourRows(
  a0: usize,
  aPitch: usize,
  depth: i32,
  panel: usize,
  c: usize,
  cPitch: usize,
  accumulates: bool,
): void {
  let a1 = a0 + aPitch;
  let a2 = a1 + aPitch;
  let a3 = a2 + aPitch;
  let left0 = f32x4.splat(0);
  let left1 = left0;
  let left2 = left0;
  let left3 = left0;
  let right0 = left0;
  let right1 = left0;
  let right2 = left0;
  let right3 = left0;
  const end = a0 + (<usize>depth << 2);
  while (a0 < end) {
    const left = v128.load(panel);
    const right = v128.load(panel, 16);
    let factor = v128.load32_splat(a0);
    left0 = f32x4.add(left0, f32x4.mul(factor, left));
    right0 = f32x4.add(right0, f32x4.mul(factor, right));
    factor = v128.load32_splat(a1);
    left1 = f32x4.add(left1, f32x4.mul(factor, left));
    right1 = f32x4.add(right1, f32x4.mul(factor, right));
    factor = v128.load32_splat(a2);
    left2 = f32x4.add(left2, f32x4.mul(factor, left));
    right2 = f32x4.add(right2, f32x4.mul(factor, right));
    factor = v128.load32_splat(a3);
    left3 = f32x4.add(left3, f32x4.mul(factor, left));
    right3 = f32x4.add(right3, f32x4.mul(factor, right));
    a0 += 4;
    a1 += 4;
    a2 += 4;
    a3 += 4;
    panel += panelPitch;
  }
  storeEight(c, left0, right0, accumulates);
  storeEight(c + cPitch, left1, right1, accumulates);
  storeEight(c + cPitch * 2, left2, right2, accumulates);
  storeEight(c + cPitch * 3, left3, right3, accumulates);
}

function multiplyRow(a: usize, depth: i32, panel: usize, c: usize, accumulates: bool): void {
  let left = f32x4.splat(0);
  let right = left;
  for (const end = a + (<usize>depth << 2); a < end; a += 4, panel += panelPitch) {
    const factor = v128.load32_splat(a);
    left = f32x4.add(left, f32x4.mul(factor, v128.load(panel)));
    right = f32x4.add(right, f32x4.mul(factor, v128.load(panel, 16)));
  }
  storeEight(c, left, right, accumulates);
}

function storeEight(to: usize, left: v128, right: v128, accumulates: bool): void {
  if (accumulates) {
    left = f32x4.add(v128.load(to), left);
    right = f32x4.add(v128.load(to, 16), right);
  }
  v128.store(to, left);
  v128.store(to, right, 16);
}

/**
 * M [aWidth, bWidth] += Aᵀ B with A [count, aWidth] and B [count, bWidth]; M is contiguous. The terms are summed before
 * they are added to M, so that long sums are made of short ones.
 */
export function addOuterProducts(
  a: usize,
  aPitch: usize,
  aWidth: i32,
  b: usize,
  bPitch: usize,
  bWidth: i32,
  count: i32,
  m: usize,
): void {
  const mPitch = <usize>bWidth << 2;
  const eights = bWidth & ~7;
  let i = 0;
  for (; i + 4 <= aWidth; i += 4, a += 16, m += mPitch * 4) {
    for (let j = 0; j < eights; j += 8) addFourByEight(a, aPitch, b + (j << 2), bPitch, count, m + (j << 2), mPitch);
    for (let row = 0; row < 4; row++) {
      addRow(a + (row << 2), aPitch, b, bPitch, eights, bWidth, count, m + <usize>row * mPitch);
    }
  }
  for (; i < aWidth; i++, a += 4, m += mPitch) addRow(a, aPitch, b, bPitch, 0, bWidth, count, m);
}

function addFourByEight(
  a: usize,
  aPitch: usize,
  b: usize,
  bPitch: usize,
  count: i32,
  m: usize,
  mPitch: usize,
): void {
  let left0 = f32x4.splat(0);
  let left1 = left0;
  let left2 = left0;
  let left3 = left0;
  let right0 = left0;
  let right1 = left0;
  let right2 = left0;
  let right3 = left0;
  for (const end = a + <usize>count * aPitch; a < end; a += aPitch, b += bPitch) {
    const left = v128.load(b);
    const right = v128.load(b, 16);
    let factor = v128.load32_splat(a);
    left0 = f32x4.add(left0, f32x4.mul(factor, left));
    right0 = f32x4.add(right0, f32x4.mul(factor, right));
    factor = v128.load32_splat(a, 4);
    left1 = f32x4.add(left1, f32x4.mul(factor, left));
    right1 = f32x4.add(right1, f32x4.mul(factor, right));
    factor = v128.load32_splat(a, 8);
    left2 = f32x4.add(left2, f32x4.mul(factor, left));
    right2 = f32x4.add(right2, f32x4.mul(factor, right));
    factor = v128.load32_splat(a, 12);
    left3 = f32x4.add(left3, f32x4.mul(factor, left));
    right3 = f32x4.add(right3, f32x4.mul(factor, right));
  }
  storeEight(m, left0, right0, true);
  storeEight(m + mPitch, left1, right1, true);
  storeEight(m + mPitch * 2, left2, right2, true);
  storeEight(m + mPitch * 3, left3, right3, true);
}

/** One row of M, from its column `j` on. */
function addRow(a: usize, aPitch: usize, b: usize, bPitch: usize, j: i32, bWidth: i32, count: i32, m: usize): void {
  for (; j + 4 <= bWidth; j += 4) addLanes<v128>(a, aPitch, b + (j << 2), bPitch, count, m + (j << 2));
  for (; j < bWidth; j++) addLanes<f32>(a, aPitch, b + (j << 2), bPitch, count, m + (j << 2));
}

function addLanes<T>(a: usize, aPitch: usize, b: usize, bPitch: usize, count: i32, m: usize): void {
  let sum = splat<T>(0);
  for (const end = a + <usize>count * aPitch; a < end; a += aPitch, b += bPitch) {
    sum = add<T>(sum, mul<T>(splat<T>(load<f32>(a)), load<T>(b)));
  }
  store<T>(m, add<T>(load<T>(m), sum));
}
