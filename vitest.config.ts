import { defineConfig } from 'vitest/config';

const project = (name: string, include: string, testTimeout: number) => ({
  test: { name, include: [include], testTimeout, hookTimeout: testTimeout, pool: 'forks' as const },
});

/** `unit` needs no process or port; `integration` starts real Postgres, coordinators and workers; `faults` is the long form. */
export default defineConfig({
  test: {
    projects: [
      project('unit', 'test/unit/**/*.test.ts', 30_000),
      project('integration', 'test/integration/**/*.test.ts', 120_000),
      project('faults', 'test/faults/**/*.test.ts', 600_000),
    ],
  },
});
