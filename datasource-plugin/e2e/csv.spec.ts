import { readFile } from 'node:fs/promises';

import type { Download, Locator, Page } from '@playwright/test';

import { command, daysBefore, hasStore, largestOrg, overview, records, repos, type Selection } from './exporter';
import { ANALYTICS, column, expect, open, panel, REPOSITORY, test, type } from './grafana';

/** Clicks a link that opens a tab of its own, and returns the file that comes of it. */
async function download(page: Page, link: Locator): Promise<{ name: string; bytes: Buffer }> {
  const file = new Promise<Download>((resolve) => {
    page.on('download', resolve);
    page.context().on('page', (tab) => tab.on('download', resolve));
  });
  await link.click();
  const done = await file;
  return { name: done.suggestedFilename(), bytes: await readFile(await done.path()) };
}

/**
 * Expects a link to give the file that the exporter gives, byte for byte. The totals in it
 * move while data comes in: then it is clicked again.
 */
async function givesRecords(page: Page, link: Locator, selection: Selection) {
  await expect(async () => {
    const before = await records(page.request, selection);
    const { name, bytes } = await download(page, link);
    expect(name).toMatch(/^publisher-analytics.*\.csv$/);
    expect(bytes.toString().split('\n').length).toBeGreaterThan(20);
    expect(bytes.equals(before), `${name}: ${bytes.length} bytes, those of the exporter: ${before.length}`).toBe(true);
    if (hasStore) {
      const flags = Object.entries(selection).map(([flag, value]) => `--${flag.replace('_', '-')}=${value}`);
      expect((await command('export', flags)).equals(bytes), 'those of the command export').toBe(true);
    }
  }).toPass({ timeout: 60_000 });
}

const onTop = (page: Page) => page.getByTestId('data-testid Dashboard link').filter({ hasText: 'Export CSV' });

test('the link of the dashboard is a file of everything', async ({ page, gotoDashboardPage }) => {
  await open(gotoDashboardPage, ANALYTICS, { 'var-period': 'all_time' });
  await givesRecords(page, onTop(page), { period: 'all_time' });
});

test('the link of the dashboard follows its variables', async ({ page, gotoDashboardPage }) => {
  const org = await largestOrg(page.request);
  await open(gotoDashboardPage, ANALYTICS, { 'var-org': org, 'var-repo_type': 'model' });
  await givesRecords(page, onTop(page), { period: 'last_month', org, repo_type: 'model' });
  const [first] = await repos(page.request, { period: 'last_month', org, repo_type: 'model', limit: '1' });
  const search = first.split('/')[1].toUpperCase();
  await type(page, 'Search in name', search);
  await expect(column(panel(page, 'Repositories: Last month'), 2)).toHaveText([first]);
  await givesRecords(page, onTop(page), { period: 'last_month', org, repo_type: 'model', search });
});

test('the link of the table follows the time range', async ({ page, gotoDashboardPage }) => {
  const { recorded } = await overview(page.request, {});
  const [from, to] = [daysBefore(recorded.to, 40), daysBefore(recorded.to, 10)];
  await open(gotoDashboardPage, ANALYTICS, { from: `${from}T00:00:00.000Z`, to: `${to}T23:59:59.999Z`, 'var-period': 'time_range' });
  const link = panel(page, 'Repositories: Time range').getByTitle('Export CSV of what is selected');
  await givesRecords(page, link, { from, to });
});

test('a repository of the table is a file of its own, and a dashboard of its own', async ({ page, gotoDashboardPage }) => {
  await open(gotoDashboardPage, ANALYTICS);
  const [repo] = await repos(page.request, { period: 'last_month', limit: '1' });
  const row = panel(page, 'Repositories: Last month').locator('[role="row"]').filter({ hasText: repo }).first();
  await row.getByText('Hub, CSV').click();
  const menu = page.getByTestId('data-testid Data links actions tooltip wrapper');
  await expect(menu.getByRole('link', { name: 'Open on the Hub' })).toHaveAttribute('href', new RegExp(`^https://huggingface\\.co/.*${repo}$`));
  const href = await menu.getByRole('link', { name: 'Export CSV' }).getAttribute('href');
  const repoType = new URL(href ?? '', page.url()).searchParams.get('repo_type') ?? '';
  await givesRecords(page, menu.getByRole('link', { name: 'Export CSV' }), { period: 'last_month', repo, repo_type: repoType });

  await page.keyboard.press('Escape');
  await row.getByRole('link', { name: repo, exact: true }).click();
  await expect(panel(page, 'Repository')).toContainText(repo);
  await givesRecords(page, onTop(page), { period: 'last_month', repo, repo_type: repoType });
});

test('the link of a repository follows its period', async ({ page, gotoDashboardPage }) => {
  const [repo] = await repos(page.request, { period: 'all_time', repo_type: 'dataset', limit: '1' });
  await open(gotoDashboardPage, REPOSITORY, { 'var-period': 'all_time', 'var-repo_type': 'dataset', 'var-repo': repo });
  await givesRecords(page, onTop(page), { period: 'all_time', repo, repo_type: 'dataset' });
});
