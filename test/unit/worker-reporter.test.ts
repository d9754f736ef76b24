import { describe, expect, it, vi } from 'vitest';
import type { AttemptKey, AttemptOutcome } from '../../core/attempt.ts';
import type { TrialId } from '../../core/ids.ts';
import { createReporter, type OutgoingMessage } from '../../worker/reporter.ts';
import { eventually } from '../support/eventually.ts';

const key = (n: number): AttemptKey => ({ trialId: `00000000-0000-4000-8000-00000000000${n}` as TrialId, attempt: 1 });
const outcome: AttemptOutcome = { kind: 'stopped', requeue: true };

function sequenceOf(message: OutgoingMessage): number {
  if (message.$case !== 'measurements' && message.$case !== 'result') throw new Error(`${message.$case} has no number`);
  return message.value.sequence;
}

describe('the reporter', () => {
  it('sends what is not acknowledged again after a reconnection, in order, and the rest never', () => {
    const reporter = createReporter();
    const sent: OutgoingMessage[] = [];
    reporter.connect((message) => sent.push(message));
    for (const n of [1, 2, 3]) reporter.result(key(n), outcome);
    expect(reporter.acknowledge(2)).toMatchObject({ key: key(2), kind: 'result' });
    reporter.disconnect();
    reporter.result(key(4), outcome);
    expect(sent.map(sequenceOf)).toEqual([1, 2, 3]);

    const again: OutgoingMessage[] = [];
    reporter.connect((message) => again.push(message));
    expect(again.map(sequenceOf)).toEqual([1, 3, 4]);
    expect(again[0]).toEqual(sent[0]);
  });

  it('sends the measurements of an attempt before its result, gathered into one message', () => {
    const reporter = createReporter();
    const sent: OutgoingMessage[] = [];
    reporter.connect((message) => sent.push(message));
    reporter.measurement(key(1), { step: 1, values: { loss: 2 } });
    reporter.measurement(key(1), { step: 2, values: { loss: 1 } });
    expect(sent).toEqual([]);
    reporter.result(key(1), outcome);
    expect(sent.map((message) => message.$case)).toEqual(['measurements', 'result']);
    const [first] = sent;
    expect(first?.$case === 'measurements' && first.value.measurements.map(({ step }) => step)).toEqual([1, 2]);
  });

  it('sends measurements soon although no result follows', async () => {
    const reporter = createReporter();
    const send = vi.fn<(message: OutgoingMessage) => void>();
    reporter.connect(send);
    reporter.measurement(key(1), { step: 1, values: { loss: 2 } });
    expect(reporter.open()).toBe(1);
    await eventually(() => expect(send).toHaveBeenCalledOnce(), { timeoutMs: 5_000 });
  });

  it('forgets one attempt and keeps the others', () => {
    const reporter = createReporter();
    reporter.measurement(key(1), { step: 1, values: {} });
    reporter.result(key(2), outcome);
    reporter.measurement(key(2), { step: 1, values: {} });
    reporter.forget(key(2));
    const sent: OutgoingMessage[] = [];
    reporter.connect((message) => sent.push(message));
    reporter.result(key(1), outcome);
    expect(sent.map((message) => message.$case)).toEqual(['measurements', 'result']);
    expect(reporter.open()).toBe(2);
  });

  it('tells when everything that an attempt has told so far is acknowledged', async () => {
    const reporter = createReporter();
    const delivered: string[] = [];
    const watch = (name: string) => void reporter.delivered(key(1)).then(() => delivered.push(name));
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    watch('nothing');
    reporter.measurement(key(1), { step: 1, values: {} });
    watch('step 1');
    reporter.result(key(2), outcome);
    reporter.measurement(key(1), { step: 2, values: {} });
    watch('step 2');
    await turn();
    expect(delivered).toEqual(['nothing']);
    reporter.acknowledge(1);
    await turn();
    expect(delivered).toEqual(['nothing', 'step 1']);
    reporter.forget(key(1));
    await turn();
    expect(delivered).toEqual(['nothing', 'step 1', 'step 2']);
    expect(reporter.open()).toBe(1);
  });

  it('knows a repeated acknowledgement for what it is', () => {
    const reporter = createReporter();
    reporter.result(key(1), outcome);
    expect(reporter.acknowledge(1)).not.toBeNull();
    expect(reporter.acknowledge(1)).toBeNull();
    expect(reporter.acknowledge(99)).toBeNull();
  });
});
