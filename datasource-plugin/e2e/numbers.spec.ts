import type { Page } from '@playwright/test';

import { command, daysBefore, hasStore, largestOrg, overview, repos, type Selection, type Sums } from './exporter';
import { ANALYTICS, choose, column, expect, open, panel, test, type } from './grafana';

/** A number as Grafana writes it in full. */
const written = (n: number) => n.toLocaleString('en-US');

/** Change as it is written: a share of the previous period, which All time has none of. */
function change(sums: Sums): string {
  return sums.before ? `${(((sums.change ?? 0) / sums.before) * 100).toFixed(1)}%` : '–';
}

/** Waits until the numbers on top are those of the exporter. */
async function numbersAre(page: Page, selection: Selection) {
  await expect(async () => {
    // Asked anew each time: new data may come in at any moment.
    const { sum, groups } = await overview(page.request, selection);
    const groupOf = (name: string) => groups.find((g) => g.repo_type === name);
    for (const [title, sums] of [
      ['All repositories', sum],
      ['Models', groupOf('model')],
      ['Datasets', groupOf('dataset')],
    ] as const) {
      await expect(panel(page, title)).toContainText(sums ? written(sums.downloads) : '–', { timeout: 2000 });
      await expect(panel(page, title)).toContainText(sums ? change(sums) : '–', { timeout: 2000 });
    }
    await expect(panel(page, 'Total on the Hub')).toContainText(written(sum.repos), { timeout: 2000 });
  }).toPass({ timeout: 40_000 });
}

test('a period is chosen, and the numbers are those of the exporter', async ({ page, gotoDashboardPage }) => {
  await open(gotoDashboardPage, ANALYTICS);
  await numbersAre(page, { period: 'last_month' });
  await choose(page, 'Period of numbers', 'All recorded days');
  await expect(panel(page, 'Repositories: All recorded days')).toBeVisible();
  await numbersAre(page, { period: 'all_time' });
  await choose(page, 'Period of numbers', 'Last month');
  await expect(panel(page, 'Repositories: Last month')).toBeVisible();
  await numbersAre(page, { period: 'last_month' });
});

test('the time range counts when it is the period', async ({ page, gotoDashboardPage }) => {
  const { recorded } = await overview(page.request, {});
  const [from, to] = [daysBefore(recorded.to, 40), daysBefore(recorded.to, 10)];
  await open(gotoDashboardPage, ANALYTICS, { from: `${from}T00:00:00.000Z`, to: `${to}T23:59:59.999Z`, 'var-period': 'time_range' });
  await numbersAre(page, { from, to });
});

test('what is chosen narrows the numbers', async ({ page, gotoDashboardPage }) => {
  const org = await largestOrg(page.request);
  await open(gotoDashboardPage, ANALYTICS, { 'var-org': org, 'var-repo_type': 'dataset' });
  await numbersAre(page, { period: 'last_month', org, repo_type: 'dataset' });
});

test('the search narrows the table', async ({ page, gotoDashboardPage }) => {
  await open(gotoDashboardPage, ANALYTICS);
  const names = column(panel(page, 'Repositories: Last month'), 2);
  const first = await repos(page.request, { period: 'last_month', limit: '5' });
  await expect.poll(async () => (await names.allTextContents()).slice(0, 5)).toEqual(first);
  const search = first[0].split('/')[1].split('-')[0].toUpperCase();
  await type(page, 'Search in name', search);
  const found = await repos(page.request, { period: 'last_month', search });
  expect(found.length).toBeGreaterThan(0);
  await expect(names).toHaveText(found);
  await numbersAre(page, { period: 'last_month', search });
});

test('the command overview prints the same numbers', async ({ page }) => {
  test.skip(!hasStore, 'STORAGE is not set');
  await expect(async () => {
    const printed = (await command('overview', [])).toString();
    const all = await overview(page.request, { period: 'all_time' });
    const month = await overview(page.request, { period: 'last_month' });
    for (const name of ['model', 'dataset']) {
      const line = printed.split('\n').find((l) => l.startsWith(name)) ?? '';
      const sums = [all, month].map((o) => o.groups.find((g) => g.repo_type === name)!);
      const want = [sums[0].repos, sums[0].total, sums[0].downloads, sums[1].downloads];
      const numbers = line.replaceAll(',', '').split(/\s+/).map(Number);
      expect(numbers).toEqual(expect.arrayContaining(want));
    }
  }).toPass();
});
