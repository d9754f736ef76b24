import { AbkdError } from '../errors.ts';
import { add, compare, type Decimal, multiply, toDecimal, zero } from './decimal.ts';

/** `terms[0].coefficient x terms[0].name + ... <= bound`; a `>=` is stored with both sides negated. */
export interface LinearConstraint {
  /** As written. */
  readonly text: string;
  /** Each name once. */
  readonly terms: readonly { readonly name: string; readonly coefficient: Decimal }[];
  readonly bound: Decimal;
}

const minusOne: Decimal = { digits: -1n, scale: 0 };
const one: Decimal = { digits: 1n, scale: 0 };
const form = 'expected a linear inequality such as "alpha + 2*beta <= 1.3"';
const numberPattern = '(?:\\d{1,20}(?:\\.\\d{0,20})?|\\.\\d{1,20})(?:[eE][+-]?\\d{1,2})?';
const termPattern = new RegExp(
  `\\s*([+-]?)\\s*(?:(${numberPattern})\\s*\\*\\s*([A-Za-z]\\w*)|([A-Za-z]\\w*)|(${numberPattern}))\\s*`,
  'y',
);

/**
 * Reads a linear inequality over parameter names: sums of `name`, `number * name` and `number`, with `<=` or `>=`.
 * Nothing is evaluated: whatever is not of this form is an error.
 *
 * @throws {AbkdError} INVALID_SPEC naming the place that could not be read
 */
export function readConstraint(text: string): LinearConstraint {
  const sides = text.split(/(<=|>=)/);
  const [left, relation, right] = sides;
  if (sides.length !== 3 || left === undefined || right === undefined) {
    throw unreadable(text, 'it needs exactly one "<=" or ">="');
  }
  // left <= right is left - right <= 0; names go to the left, numbers to the right.
  const sign = relation === '<=' ? one : minusOne;
  const coefficients = new Map<string, Decimal>();
  let bound = zero;
  const collect = (side: string, factor: Decimal) => {
    for (const term of readTerms(side, text)) {
      const amount = multiply(factor, term.amount);
      if (term.name === null) bound = add(bound, multiply(minusOne, amount));
      else coefficients.set(term.name, add(coefficients.get(term.name) ?? zero, amount));
    }
  };
  collect(left, sign);
  collect(right, multiply(minusOne, sign));
  const terms = [...coefficients].map(([name, coefficient]) => ({ name, coefficient })).filter(isPresent);
  if (terms.length === 0) throw unreadable(text, 'it names no parameter');
  return { text, terms, bound };
}

/** True where the values satisfy the constraint, exactly. Every name of the constraint must have a value. */
export function satisfies(constraint: LinearConstraint, values: ReadonlyMap<string, Decimal>): boolean {
  const sum = constraint.terms.reduce(
    (total, { name, coefficient }) => add(total, multiply(coefficient, values.get(name)!)),
    zero,
  );
  return compare(sum, constraint.bound) <= 0;
}

/**
 * The constraint with the given values put in for their names. Names without a value stay; where none is left the
 * constraint is true or false of every point.
 */
export function bindConstraint(constraint: LinearConstraint, values: ReadonlyMap<string, Decimal>): LinearConstraint {
  const known = constraint.terms.filter((term) => values.has(term.name));
  const moved = known.reduce((sum, term) => add(sum, multiply(term.coefficient, values.get(term.name)!)), zero);
  return {
    text: constraint.text,
    terms: constraint.terms.filter((term) => !values.has(term.name)),
    bound: add(constraint.bound, multiply(minusOne, moved)),
  };
}

function isPresent(term: { readonly coefficient: Decimal }): boolean {
  return term.coefficient.digits !== 0n;
}

function readTerms(side: string, whole: string): readonly { readonly name: string | null; readonly amount: Decimal }[] {
  const terms: { name: string | null; amount: Decimal }[] = [];
  let at = 0;
  while (at < side.length || terms.length === 0) {
    termPattern.lastIndex = at;
    const match = termPattern.exec(side);
    const [, sign, factor, scaledName, bareName, constant] = match ?? [];
    // From the second term on a sign is what joins it to the one before.
    if (match === null || (terms.length > 0 && sign === '')) {
      throw unreadable(whole, `cannot read ${JSON.stringify(side.slice(at, at + 40).trim())}`);
    }
    const size = toDecimal(Number(factor ?? constant ?? '1'));
    terms.push({ name: scaledName ?? bareName ?? null, amount: sign === '-' ? multiply(minusOne, size) : size });
    at = termPattern.lastIndex;
  }
  return terms;
}

function unreadable(text: string, reason: string): AbkdError {
  const shown = text.length > 80 ? `${text.slice(0, 80)}...` : text;
  return new AbkdError('INVALID_SPEC', `Cannot read constraint ${JSON.stringify(shown)}: ${reason}, ${form}`);
}
