// How the tests run: two files at a time, each in a process of its own, on databases prepared once.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: {
    // Graphql comes as two builds, of which only one may be loaded: the one that its CommonJS users get.
    alias: [
      { find: /^graphql$/, replacement: 'graphql/index.js' },
      { find: 'throughline/testing', replacement: fileURLToPath(new URL('src/testing.ts', import.meta.url)) },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    setupFiles: ['test/support/property-seed.ts'],
    reporters: ['default', './test/support/closing-line-reporter.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
