import { createRandom, deriveSeed } from '../../core/random.ts';

/**
 * Draws `size` of the `candidates` so that the classes keep their shares (largest remainder; ties go to the lower
 * class). Returns positions in ascending order; all of them where there are no more than `size`.
 * The same labels, candidates, size and seed give the same draw on every machine.
 */
export function sampleStratified(labels: Int32Array, candidates: Int32Array, size: number, seed: number): Int32Array {
  if (size >= candidates.length) return candidates;
  const drawn: number[] = [];
  const byClass = groupByClass(labels, candidates);
  for (const [label, quota] of shareOut(byClass, size)) {
    const members = byClass.get(label)!;
    const order = createRandom(deriveSeed(seed, label)).permutation(members.length);
    for (const position of order.subarray(0, quota)) drawn.push(members[position]!);
  }
  return Int32Array.from(drawn).sort();
}

/** What of `candidates` is not in `taken`; both ascending. */
export function without(candidates: Int32Array, taken: Int32Array): Int32Array {
  const gone = new Set(taken);
  return candidates.filter((position) => !gone.has(position));
}

function groupByClass(labels: Int32Array, candidates: Int32Array): ReadonlyMap<number, readonly number[]> {
  const byClass = new Map<number, number[]>();
  for (const position of candidates) {
    const label = labels[position]!;
    const members = byClass.get(label);
    if (members === undefined) byClass.set(label, [position]);
    else members.push(position);
  }
  return byClass;
}

/** Largest-remainder quotas that add up to `size`; in whole numbers, so that no rounding differs between machines. */
function shareOut(byClass: ReadonlyMap<number, readonly number[]>, size: number): ReadonlyMap<number, number> {
  const labels = [...byClass.keys()].sort((a, b) => a - b);
  const total = labels.reduce((sum, label) => sum + byClass.get(label)!.length, 0);
  const shares = labels.map((label) => {
    const scaled = size * byClass.get(label)!.length;
    return { label, whole: Math.floor(scaled / total), remainder: scaled % total };
  });
  const left = size - shares.reduce((sum, share) => sum + share.whole, 0);
  const favoured = new Set(
    [...shares]
      .sort((a, b) => b.remainder - a.remainder || a.label - b.label)
      .slice(0, left)
      .map(({ label }) => label),
  );
  return new Map(shares.map(({ label, whole }) => [label, whole + (favoured.has(label) ? 1 : 0)]));
}
