import { defineConfig } from 'vitest/config';

// The set-up files are the built ones: run `npm run setup` (or `npm test`, which does) before `npx vitest`.
export default defineConfig({
  test: {
    include: [
      '{apps,libs}/*/src/**/*.test.ts',
      'benchmarks/src/**/*.test.ts',
      'test/src/**/*.test.ts',
      'test/chaos/src/**/*.test.ts',
      'examples/**/*.test.ts',
      'scripts/**/*.test.ts',
    ],
    pool: 'forks',
    // Most tests wait for a server or a process, not for a processor.
    maxWorkers: 4,
    // Each test file opens and closes what is its own: setup-leaks sees to it.
    isolate: false,
    globalSetup: ['libs/testing/dist/vitest/global-redis.js'],
    setupFiles: ['libs/testing/dist/vitest/setup-leaks.js'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
