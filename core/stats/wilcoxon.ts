/**
 * Two-sided p of Wilcoxon's signed-rank test of paired differences: that values so far on one side come about where
 * either sign is as likely as the other. Zero differences are left out, as Wilcoxon did; equal sizes share their mean
 * rank. The distribution is exact, ties included: all 2^n signs are counted, in O(n³). 1 where no difference is left.
 *
 * @see Wilcoxon, "Individual comparisons by ranking methods", 1945
 */
export function wilcoxonSignedRank(differences: readonly number[]): number {
  const sizes = differences.filter((difference) => difference !== 0).sort((a, b) => Math.abs(a) - Math.abs(b));
  const ranks = doubledRanks(sizes.map(Math.abs));
  const positive = ranks.reduce((sum, rank, place) => (sizes[place]! > 0 ? sum + rank : sum), 0);
  const chance = sumsOfSubsets(ranks);
  const upTo = chance.slice(0, positive + 1).reduce((sum, each) => sum + each, 0);
  const from = chance.slice(positive).reduce((sum, each) => sum + each, 0);
  return Math.min(1, 2 * Math.min(upTo, from));
}

/** Twice the rank of each of the ascending values, from 2: whole numbers also where ties share a mean rank. */
function doubledRanks(ascending: readonly number[]): readonly number[] {
  return ascending.map((value) => ascending.indexOf(value) + ascending.lastIndexOf(value) + 2);
}

/** The probability of each sum where every rank is in it with probability one half. */
function sumsOfSubsets(ranks: readonly number[]): Float64Array {
  const most = ranks.reduce((sum, rank) => sum + rank, 0);
  const chance = new Float64Array(most + 1);
  chance[0] = 1;
  for (const rank of ranks) {
    for (let sum = most; sum >= 0; sum--) {
      chance[sum] = 0.5 * (chance[sum]! + (sum >= rank ? chance[sum - rank]! : 0));
    }
  }
  return chance;
}
