import { accessSync, constants } from 'node:fs';
import path from 'node:path';

import type { PluginOptions } from '@grafana/plugin-e2e';
import { defineConfig } from '@playwright/test';

/** The browser of the system: nothing is downloaded. */
function chromium(): string {
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  const names = ['chromium', 'chromium-browser', 'google-chrome'];
  const found = names.flatMap((name) => folders.map((folder) => path.join(folder, name))).find(canRun);
  if (!process.env.CHROMIUM && !found) {
    throw new Error(`expected one of ${names.join(', ')} in PATH, or CHROMIUM to be the path of a browser; found none`);
  }
  return process.env.CHROMIUM ?? found!;
}

function canRun(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Tests against a running Grafana that has the plugin, the dashboards and data: scripts/e2e.sh. */
export default defineConfig<PluginOptions>({
  testDir: 'e2e',
  outputDir: '../bin/e2e',
  // One Grafana on one machine is asked by all tests.
  workers: 1,
  // A machine that has more to do is given time.
  timeout: 300_000,
  expect: { timeout: 60_000 },
  forbidOnly: true,
  reporter: [['list']],
  use: {
    baseURL: process.env.GRAFANA_URL ?? 'http://127.0.0.1:3000',
    // Panels are drawn when they come into sight: this is the height of most dashboards.
    viewport: { width: 1440, height: 2700 },
    // Numbers and days are compared as they are written.
    locale: 'en-US',
    timezoneId: 'UTC',
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: chromium(),
      args: [
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        // Chromium has no sandbox for root.
        ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      ],
    },
  },
});
