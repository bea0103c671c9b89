import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/build.ts'],
    pool: 'forks',
    // A file leaves nothing behind that another one could trip over; a process for each would cost a tenth of the time.
    isolate: false,
    // Half of the time they wait for processes, or for a time to pass.
    maxWorkers: 4,
    // A test starts up to a dozen processes, and the machine may be busy.
    testTimeout: 90_000,
    hookTimeout: 90_000,
    // They kill, stop and time real processes: a shared machine that stands still for seconds upsets them. What is wrong fails again; the report shows "retry".
    retry: process.env['CI'] ? 2 : 0,
  },
});
