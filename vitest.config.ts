import { defineConfig } from 'vitest/config';

const project = (name: string, include: string, testTimeout: number, globalSetup: string[] = []) => ({
  test: { name, include: [include], testTimeout, hookTimeout: testTimeout, globalSetup, pool: 'forks' as const },
});

/** The test server with its migrated template, for test/support/database.ts. */
const database = ['test/support/global-setup.ts'];

/** `unit` needs no process or port; `integration` starts real Postgres, coordinators and workers; `faults` is the long form. */
export default defineConfig({
  test: {
    projects: [
      project('unit', 'test/unit/**/*.test.ts', 30_000),
      project('integration', 'test/integration/**/*.test.ts', 120_000, database),
      project('faults', 'test/faults/**/*.test.ts', 600_000, database),
    ],
  },
});
