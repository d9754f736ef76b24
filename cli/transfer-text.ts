import type { TransferProgress } from '../core/api/sweep.ts';

/**
 * What finished tasks count for in a search: `transfer: cifar10 abkd 0.62, own 0.38`, sources of one name together, the
 * heaviest first; or that they no longer do, and why.
 */
export function transferText({ state, own, sources }: TransferProgress): string {
  if (state === 'MISLEADING') return 'transfer off: misleads';
  if (state === 'OUTGROWN') return 'transfer off: own results are enough';
  const names = sources.map(({ dataset, objective }) => `${dataset} ${objective}`);
  if (own === null) return `transfer from ${[...new Set(names)].join(', ')}`;
  const weights = new Map<string, number>();
  for (const [at, { weight }] of sources.entries()) {
    weights.set(names[at]!, (weights.get(names[at]!) ?? 0) + (weight ?? 0));
  }
  const shown = [...weights].filter(([, weight]) => weight > 0).sort(([, a], [, b]) => b - a);
  return `transfer: ${[...shown, ['own', own] as const].map(([name, weight]) => `${name} ${weight.toFixed(2)}`).join(', ')}`;
}
