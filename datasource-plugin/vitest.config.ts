import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.{ts,tsx}'],
    environment: 'jsdom',
    setupFiles: ['tests/setup.ts'],
    // Grafana's packages are large: they are loaded once, and shared by all tests.
    isolate: false,
    maxWorkers: 1,
    server: { deps: { inline: [/@grafana\//] } },
    testTimeout: 60_000,
  },
});
