import { describe, expect, it } from 'vitest';
import { AbkdError } from '../../core/errors.ts';
import { failureOfProcessEnd } from '../../worker/process-failure.ts';
import { failureOf, TrialError } from '../../worker/trial/failure.ts';

describe('failureOf()', () => {
  it('keeps the name of a named failure', () => {
    expect(failureOf(new TrialError('NAN_LOSS', 'loss is NaN at step 3'))).toEqual({
      kind: 'NAN_LOSS',
      message: 'loss is NaN at step 3',
    });
    expect(failureOf(new AbkdError('MISSING_DATA', 'no files')).kind).toBe('MISSING_DATA');
  });

  it.each([
    new RangeError('Array buffer allocation failed'),
    new RangeError('WebAssembly.Memory.grow(): Maximum memory size exceeded'),
    new Error('Aborted(OOM)'),
    new Error('OOM when allocating tensor with shape[64,1000]'),
    new Error('CUDA out of memory'),
  ])('takes "%s" for a lack of memory', (error) => {
    expect(failureOf(error).kind).toBe('OUT_OF_MEMORY');
  });

  it.each([new RangeError('Invalid array length'), new Error('The room is full'), new TypeError('x is undefined')])(
    'takes "%s" for an exception and shows where it came from',
    (error) => {
      const { kind, message } = failureOf(error);
      expect(kind).toBe('EXCEPTION');
      expect(message).toContain(error.message);
      expect(message).toMatch(/worker-failures\.test\.ts/);
      expect(message.split('\n').length).toBeLessThanOrEqual(6);
    },
  );

  it('takes what is not an error as it is', () => {
    expect(failureOf('no')).toEqual({ kind: 'EXCEPTION', message: 'no' });
  });
});

describe('failureOfProcessEnd()', () => {
  it('tells the exit code and the last lines of standard error', () => {
    const stderr = Array.from({ length: 20 }, (_, index) => `line ${index}`).join('\n');
    const { kind, message } = failureOfProcessEnd({ code: 3, signal: null, stderr });
    expect(kind).toBe('CRASH');
    expect(message).toMatch(/exit code 3: line 12\n/);
    expect(message).toMatch(/line 19$/);
  });

  it('tells the signal', () => {
    expect(failureOfProcessEnd({ code: null, signal: 'SIGSEGV', stderr: '' })).toEqual({
      kind: 'CRASH',
      message: 'The trial process ended with signal SIGSEGV',
    });
  });

  it('takes an abort of the heap, and the signal of the out-of-memory killer, for a lack of memory', () => {
    const stderr = 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n 1: 0xb';
    expect(failureOfProcessEnd({ code: null, signal: 'SIGABRT', stderr })).toMatchObject({
      kind: 'OUT_OF_MEMORY',
      message: expect.stringMatching(/SIGABRT\): FATAL ERROR: Reached heap limit/),
    });
    expect(failureOfProcessEnd({ code: null, signal: 'SIGKILL', stderr: '' }).kind).toBe('OUT_OF_MEMORY');
  });
});
