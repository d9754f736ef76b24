/**
 * P values for one of several questions to be answered yes wrongly with no more than the given probability: the smallest
 * is multiplied by their number, the next by one less, and so on, none ending below a smaller one's. In the order given.
 * @see Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6(2), 1979
 */
export function holm(ps: readonly number[]): readonly number[] {
  const adjusted = new Array<number>(ps.length);
  let least = 0;
  for (const [rank, index] of [...ps.keys()].sort((a, b) => ps[a]! - ps[b]!).entries()) {
    least = Math.min(1, Math.max(least, (ps.length - rank) * ps[index]!));
    adjusted[index] = least;
  }
  return adjusted;
}
