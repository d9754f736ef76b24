import { describe, expect, it } from 'vitest';
import { AbkdError, type ErrorCode } from '../../core/errors.ts';
import { parseSpec } from '../../core/spec/parse.ts';
import { brokenSpecs, goodSpec } from '../support/broken-specs.ts';

const codeOfStatus: Readonly<Record<number, ErrorCode>> = {
  400: 'BAD_REQUEST',
  413: 'PAYLOAD_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  422: 'INVALID_SPEC',
};

function refusal(body: string, contentType: string): AbkdError {
  try {
    parseSpec(body, contentType);
  } catch (error) {
    if (error instanceof AbkdError) return error;
    throw error;
  }
  throw new Error('the spec was accepted');
}

describe('parseSpec() of a broken spec', () => {
  it.each(brokenSpecs.map((broken) => [broken.title, broken] as const))('refuses %s', (_, broken) => {
    const error = refusal(broken.body, broken.contentType);
    expect(error.code, error.message).toBe(codeOfStatus[broken.status]);
    const problems = error.details.problems ?? [];
    expect(problems.map(({ path }) => path).sort(), JSON.stringify(problems)).toEqual([...broken.paths].sort());
  });

  it('accepts the spec that the broken ones are made from', () => {
    expect(parseSpec(JSON.stringify(goodSpec), 'application/json').name).toBe('good');
  });

  it('says line and column of a syntax error', () => {
    expect(refusal('{"name": "x",\n "tasks": }', 'application/json').message).toContain('line 2, column 11');
    expect(refusal('{"a": [1, 2', 'application/json').message).toContain('line 1, column 12');
    expect(refusal('{"a": tru}', 'application/json').message).toContain('line 1, column 7');
    expect(refusal('[1, 2,]', 'application/json').message).toContain('line 1, column 7');
    expect(refusal('{"a" 1}', 'application/json').message).toContain('line 1, column 6');
    expect(refusal('{} {}', 'application/json').message).toContain('line 1, column 4');
    expect(refusal('name: x\ntasks: [', 'application/yaml').message).toMatch(/line 2, column \d+/);
  });

  it('says what was found and what is allowed', () => {
    const [dataset] = refusal(
      JSON.stringify({ ...goodSpec, tasks: [{ ...goodSpec.tasks[0], dataset: 'mnsit' }] }),
      'application/json',
    ).details.problems!;
    expect(dataset!.message).toBe('found "mnsit", expected one of mnist, cifar10, eurosat');
  });

  it('tells a feature of a later version from a misspelt one', () => {
    const later = brokenSpecs.filter(({ title }) => title.includes('later version'));
    expect(later.length).toBeGreaterThan(0);
    for (const { body, contentType } of later) {
      expect(refusal(body, contentType).details.problems![0]!.message).toContain('is not available in this version');
    }
  });

  it('keeps the answer short when there are thousands of problems', () => {
    const unknown = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`field${index}`, 1]));
    const problems = refusal(JSON.stringify({ ...goodSpec, ...unknown }), 'application/json').details.problems!;
    expect(problems).toHaveLength(201);
    expect(problems.at(-1)!.message).toMatch(/and \d+ more problems/);
  });
});
