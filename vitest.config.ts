import { defineConfig } from 'vitest/config'

// One runner, one project per kind of proof. Sources are run directly: the "dunlin-source" condition of every package.
const shared = {
  ssr: { resolve: { conditions: ['dunlin-source', 'node', 'import', 'default'] } },
}

// What is waited for comes soon or, on a machine that stands still for a moment, later: the runner gives up after 1 s.
const patient = { poll: { timeout: 20_000 } }

export default defineConfig({
  ...shared,
  test: {
    // Two even on a machine with two processors: much of what runs here waits for other processes.
    maxWorkers: 2,
    projects: [
      {
        ...shared,
        test: {
          name: 'unit',
          include: [
            '{packages,services}/*/src/**/*.test.ts',
            'infra/**/*.test.ts',
            'test/{architecture,replay,chaos}/**/*.test.ts',
          ],
          exclude: ['**/*.int.test.ts', '**/dist/**', '**/node_modules/**'],
          // No test is timed; on a busy machine some properties take longer than the 5 s of the runner.
          testTimeout: 60_000,
          expect: patient,
        },
      },
      {
        ...shared,
        test: {
          name: 'int',
          include: ['{packages,services}/*/src/**/*.int.test.ts', 'infra/**/*.int.test.ts'],
          exclude: ['**/dist/**', '**/node_modules/**'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          expect: patient,
        },
      },
      {
        ...shared,
        test: { name: 'sim', include: ['test/{simulation,figures}/**/*.test.ts'], testTimeout: 120_000 },
      },
      {
        ...shared,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          expect: patient,
        },
      },
    ],
  },
})
