import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/build.ts'],
    pool: 'forks',
    // Half of the time they wait for processes.
    maxWorkers: 3,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // They kill, stop and time real processes: a shared machine that stands still for seconds upsets them. What is wrong fails again; the report shows "retry".
    retry: process.env['CI'] ? 2 : 0,
  },
});
