/** Rows of `bytes` bytes, multiples of 4, from where they lie `fromPitch` apart to where they lie `toPitch` apart. */
export function copyRows(from: usize, fromPitch: usize, to: usize, toPitch: usize, rows: i32, bytes: usize): void {
  for (let row = 0; row < rows; row++, from += fromPitch, to += toPitch) {
    let at: usize = 0;
    for (; at < (bytes & ~15); at += 16) v128.store(to + at, v128.load(from + at));
    for (; at < bytes; at += 4) store<u32>(to + at, load<u32>(from + at));
  }
}
