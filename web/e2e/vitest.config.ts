import { defineConfig } from 'vitest/config'

// The files share a server's database: behind the first that fails, others do too.
export default defineConfig({
  root: import.meta.dirname,
  test: {
    globalSetup: ['./shifts.ts'],
    environment: 'node',
    include: ['*.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 120_000,
    fileParallelism: false,
    maxWorkers: 1,
    bail: 1,
  },
})
