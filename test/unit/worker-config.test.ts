import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readWorkerConfig } from '../../worker/config.ts';

describe('readWorkerConfig()', () => {
  it('takes options before the environment and defaults last', () => {
    const config = readWorkerConfig(
      { coordinator: 'a:1, b:2', labels: { gpu: 'h200' } },
      {
        ABKD_COORDINATOR: 'c:3',
        ABKD_SLOTS: '4',
        ABKD_LABELS: 'gpu=a100,room=3=4',
        ABKD_HOME: 'home',
        ABKD_CACHE_GB: '1.5',
      },
    );
    expect(config).toMatchObject({
      coordinators: ['a:1', 'b:2'],
      slots: 4,
      labels: { gpu: 'h200', room: '3=4' },
      cacheDir: join(resolve('home'), 'cache'),
      cacheBytes: 1_500_000_000,
      backend: 'auto',
      giveUpMs: null,
      limits: { stallMs: 600_000, stopGraceMs: 5_000 },
    });
  });

  it('names every wrong setting at once', () => {
    const read = () =>
      readWorkerConfig({}, { ABKD_SLOTS: '0', ABKD_CACHE_GB: '0', ABKD_BACKEND: 'cuda', ABKD_GIVE_UP_SECONDS: 'soon' });
    expect(read).toThrow(
      /ABKD_SLOTS is "0".*ABKD_CACHE_GB is "0".*ABKD_BACKEND is "cuda".*ABKD_GIVE_UP_SECONDS is "soon"/,
    );
  });

  it.each(['localhost', 'localhost:0', 'localhost:65536', 'http://localhost:1', 'a:1,,b:2', ':1', '::1:5'])(
    'refuses the address %s',
    (coordinator) => {
      expect(() => readWorkerConfig({ coordinator }, {})).toThrow(/ABKD_COORDINATOR is ".*": expected HOST:PORT/);
    },
  );

  it('takes an IPv6 address in brackets', () => {
    expect(readWorkerConfig({ coordinator: '[::1]:50051' }, {}).coordinators).toEqual(['[::1]:50051']);
  });

  it.each(['gpu', 'gpu=', '=h200'])('refuses the labels %s', (labels) => {
    expect(() => readWorkerConfig({}, { ABKD_LABELS: labels })).toThrow(/ABKD_LABELS is ".*": expected NAME=VALUE/);
  });
});
