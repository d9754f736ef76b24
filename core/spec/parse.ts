import { AbkdError, type Problem } from '../errors.ts';
import { readDocument } from './document.ts';
import { readDraft } from './draft.ts';
import { specLimits } from './limits.ts';
import { problemsOf } from './problems.ts';
import { checkRules } from './rules.ts';
import { type SweepSpec, specSchema } from './schema.ts';

/**
 * Reads and checks a submitted spec.
 *
 * @param contentType media type of the text, parameters allowed: `application/yaml; charset=utf-8`
 * @returns the spec with its defaults filled in
 * @throws {AbkdError} UNSUPPORTED_MEDIA_TYPE, PAYLOAD_TOO_LARGE, BAD_REQUEST (unparsable, with line and column), or
 *   INVALID_SPEC with every problem and its path in `details.problems`
 */
export function parseSpec(text: string, contentType: string): SweepSpec {
  return checkSpec(readDocument(text, contentType));
}

/**
 * The spec that a parsed document is.
 *
 * @throws {AbkdError} INVALID_SPEC with every problem and its path in `details.problems`
 */
export function checkSpec(document: unknown): SweepSpec {
  const read = specSchema.safeParse(document);
  const schemaProblems = read.success ? [] : problemsOf(read.error.issues, document);
  const isObject = typeof document === 'object' && document !== null && !Array.isArray(document);
  const problems = [...schemaProblems, ...(isObject ? checkRules(readDraft(document)) : [])];
  if (read.success && problems.length === 0) return read.data;
  const shown = firstProblems(problems);
  throw new AbkdError(
    'INVALID_SPEC',
    `Cannot accept spec: ${problems.length === 1 ? '1 problem' : `${problems.length} problems`}, first ${sentence(shown[0])}`,
    { details: { problems: shown } },
  );
}

function firstProblems(problems: readonly Problem[]): readonly Problem[] {
  const { problems: most } = specLimits;
  if (problems.length <= most) return problems;
  return [...problems.slice(0, most), { path: '', message: `and ${problems.length - most} more problems` }];
}

function sentence(problem: Problem | undefined): string {
  if (problem === undefined) return '';
  return problem.path === '' ? problem.message : `${problem.path}: ${problem.message}`;
}
