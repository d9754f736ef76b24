import type { z } from 'zod';
import type { Problem } from '../errors.ts';
import { isUnavailableField, isUnavailableValue } from './unavailable.ts';

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

const notAvailable = 'is not available in this version';

/** The problems that schema issues stand for, in words: what was found, what is allowed. */
export function problemsOf(issues: readonly Issue[], document: unknown, base: Path = []): readonly Problem[] {
  return issues.flatMap((issue) => problemsOfIssue(issue, document, [...base, ...issue.path]));
}

/** `tasks[0].dataset`; a key that is no plain name is quoted: `search.space["a b"]`. */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    const name = shortened(String(part));
    if (!/^[A-Za-z_$][\w$-]*$/.test(name)) return `${text}[${JSON.stringify(name)}]`;
    return text === '' ? name : `${text}.${name}`;
  }, '');
}

/** A value in a message: short, on one line. */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(shortened(value));
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  return String(value);
}

function problemsOfIssue(issue: Issue, document: unknown, path: Path): readonly Problem[] {
  if (issue.code === 'unrecognized_keys') {
    const known = issue.message;
    return issue.keys.flatMap((key) => unknownField([...path, key], known));
  }
  const found = valueAt(document, path);
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const inside = issue.errors.filter((branch) => !branch.some(isAboutTheWhole));
    if (inside.length > 0) return problemsOf(closestBranch(inside), document, path);
    const wanted = [...new Set(issue.errors.map((branch) => expectation(branch[0]!)))];
    const either = wanted.map((text) => text.replace(/^expected /, '')).join(' or ');
    return [{ path: formatPath(path), message: `found ${describeValue(found)}, expected ${either}` }];
  }
  return [{ path: formatPath(path), message: messageFor(issue, formatPath(path), found) }];
}

function unknownField(path: Path, known: string): readonly Problem[] {
  const at = formatPath(path);
  if (!isUnavailableField(at)) return [{ path: at, message: `unknown field, ${known}` }];
  return [{ path: at, message: notAvailable }];
}

function messageFor(issue: Issue, path: string, found: unknown): string {
  if (isUnavailableValue(path, found)) {
    const what = typeof found === 'string' ? describeValue(found) : 'this form';
    return `${what} ${notAvailable}, ${expectation(issue)}`;
  }
  if (found === undefined) return `is required, ${expectation(issue)}`;
  return `found ${describeValue(found)}, ${expectation(issue)}`;
}

function expectation(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${typeNames[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `expected ${oneOf(issue.values)}`;
    case 'invalid_union':
      return `expected ${oneOf('options' in issue && Array.isArray(issue.options) ? issue.options : [])}`;
    case 'too_small':
      return `expected ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}${unitOf(issue.origin, issue.minimum)}`;
    case 'too_big':
      return `expected at most ${issue.maximum}${unitOf(issue.origin, issue.maximum)}`;
    default:
      return issue.message;
  }
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a finite number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

function unitOf(origin: string, count: number | bigint): string {
  const unit = { string: 'character', array: 'entry' }[origin];
  if (unit === undefined || count === 1) return unit === undefined ? '' : ` ${unit}`;
  return unit === 'entry' ? ' entries' : ` ${unit}s`;
}

function oneOf(values: readonly unknown[]): string {
  return values.length === 1 ? String(values[0]) : `one of ${values.map(String).join(', ')}`;
}

/** True where a value is not of the kind that an alternative takes at all. */
function isAboutTheWhole(issue: Issue): boolean {
  return issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value');
}

/** Of the alternatives of a union, the one that the user most likely meant: fewest unknown fields, then fewest issues. */
function closestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] {
  const unknownFields = (branch: readonly Issue[]) =>
    branch.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length : 0), 0);
  return [...branches].sort((a, b) => unknownFields(a) - unknownFields(b) || a.length - b.length)[0] ?? [];
}

function valueAt(document: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, part) => {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    return Reflect.get(value, part);
  }, document);
}

function shortened(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}...` : text;
}
