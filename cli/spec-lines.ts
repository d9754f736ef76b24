import { LineCounter, parseDocument } from 'yaml';
import { AbkdError, type Problem } from '../core/errors.ts';

/** The same error with the line of each problem, where the document shows it. */
export function withLines(error: unknown, document: string): unknown {
  if (!(error instanceof AbkdError) || error.details.problems === undefined) return error;
  const lineOf = createLineFinder(document);
  const problems = error.details.problems.map((problem): Problem => {
    const line = lineOf(problem.path);
    return line === null ? problem : { ...problem, path: `${problem.path} (line ${line})` };
  });
  return new AbkdError(error.code, error.message, { details: { ...error.details, problems } });
}

/** Line, from 1, of a path like `tasks[0].dataset` in YAML or JSON text, or of its nearest parent that is there. */
export function createLineFinder(text: string): (path: string) => number | null {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, logLevel: 'silent' });
  return (path) => {
    if (path === '' || document.errors.length > 0) return null;
    for (let keys = splitPath(path); keys.length > 0; keys = keys.slice(0, -1)) {
      const node: unknown = document.getIn(keys, true);
      const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : null;
      if (Array.isArray(range) && typeof range[0] === 'number') return lines.linePos(range[0]).line;
    }
    return null;
  };
}

function splitPath(path: string): readonly (string | number)[] {
  return [...path.matchAll(/([^.[\]]+)|\[(\d+)\]/g)].map(([, name, index]) =>
    index === undefined ? name! : Number(index),
  );
}
