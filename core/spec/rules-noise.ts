import type { Problem } from '../errors.ts';
import { methodEntry, searchMethods } from '../search/registry.ts';
import type { SpecDraft } from './draft.ts';

/** Rules of what is done about noise: only results can tell where more seeds are due, and when a search may end. */
export function checkNoise({ method, replicates, stop }: SpecDraft): readonly Problem[] {
  const { min, max } = replicates;
  const problems: Problem[] = [];
  if (min > max) {
    problems.push({ path: 'replicates.min', message: `found ${min}, expected at most max, which is ${max}` });
  }
  if (method === undefined || methodEntry(method).isAdaptive) return problems;
  const adaptive = searchMethods.filter((name) => methodEntry(name).isAdaptive).join(', ');
  const planned = `a ${method} search is planned before the first result`;
  if (min < max) {
    problems.push({
      path: 'replicates',
      message: `found { min: ${min}, max: ${max} }, expected a number or search.method ${adaptive}: ${planned}`,
    });
  }
  if (stop !== undefined) {
    problems.push({ path: 'search.stop', message: `needs search.method ${adaptive}: ${planned}` });
  }
  return problems;
}
