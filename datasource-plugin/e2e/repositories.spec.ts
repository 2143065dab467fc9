import type { Locator, Page } from '@playwright/test';

import { overview, repos, type Selection } from './exporter';
import { ANALYTICS, choose, column, expect, open, panel, PLUGIN, test, type } from './grafana';

const table = (page: Page) => panel(page, 'Repositories: Last month');

/** The link to another page, by its text. */
const turn = (page: Page, text: string) => page.getByRole('link', { name: text, exact: true });

/** Expects the table to begin with the repositories of the exporter's page. */
async function begins(page: Page, selection: Selection) {
  await expect(async () => {
    const want = await repos(page.request, { period: 'last_month', limit: '5', ...selection });
    const names = await column(table(page), 2).allTextContents();
    expect(names.slice(0, 5)).toEqual(want);
  }).toPass({ timeout: 30_000 });
}

test('all repositories are reached, page by page', async ({ page, gotoDashboardPage }) => {
  const { sum } = await overview(page.request, {});
  test.skip(sum.repos <= 100, 'there is one page');
  await open(gotoDashboardPage, ANALYTICS);
  for (let offset = 0; offset < sum.repos; offset += 100) {
    const last = Math.min(offset + 100, sum.repos);
    await expect(page.getByText(`${(offset + 1).toLocaleString('en-US')}–${last.toLocaleString('en-US')} of ${sum.repos.toLocaleString('en-US')}`)).toBeVisible();
    await begins(page, { offset: String(offset) });
    if (last < sum.repos) {
      await turn(page, 'Next ›').click();
    }
  }
  await expect(turn(page, 'Next ›')).toHaveCount(0);
  await turn(page, '« First').click();
  await begins(page, {});
  await page.goBack();
  await begins(page, { offset: String(Math.floor((sum.repos - 1) / 100) * 100) });
});

test('the order is that of all repositories, and a search begins with the first page', async ({ page, gotoDashboardPage }) => {
  await open(gotoDashboardPage, ANALYTICS, { 'var-offset': '100' });
  await begins(page, { offset: '100' });
  await choose(page, 'Sort by', 'Total');
  await begins(page, { offset: '100', sort: 'total' });
  await choose(page, 'Order', 'Ascending');
  await begins(page, { offset: '100', sort: 'total', order: 'asc' });
  const [name] = await repos(page.request, { period: 'last_month', limit: '1' });
  await type(page, 'Search in name', name);
  await expect(page.getByText('1–1 of 1')).toBeVisible();
  await begins(page, { search: name });
});

for (const [part, linkOf] of [
  ['name', (row: Locator) => row.getByRole('gridcell').nth(1).getByRole('link')],
  ['trend', (row: Locator) => row.getByRole('link').filter({ has: row.page().locator('canvas') })],
] as const) {
  test(`a click on the ${part} of a repository opens its dashboard`, async ({ page, gotoDashboardPage }) => {
    const [name] = await repos(page.request, { period: 'last_month', limit: '1' });
    await open(gotoDashboardPage, ANALYTICS);
    await linkOf(table(page).locator('[role="row"]').filter({ hasText: name }).first()).click();
    await expect(panel(page, 'Repository')).toContainText(name);
    expect(new URL(page.url()).searchParams.get('var-repo')).toBe(name);
  });
}

test('the dashboards begin with the default data source, whatever the names', async ({ page, gotoDashboardPage }) => {
  const added = await page.request.post('/api/datasources', {
    data: { name: 'AAA first by name', type: PLUGIN, access: 'proxy', url: 'http://127.0.0.1:1', jsonData: { connection: 'exporter' } },
  });
  const { datasource } = await added.json();
  try {
    await open(gotoDashboardPage, ANALYTICS);
    await begins(page, {});
  } finally {
    await page.request.delete(`/api/datasources/uid/${datasource.uid}`);
  }
});

test('five years are shown by week', async ({ page, gotoDashboardPage }) => {
  const answer = page.waitForResponse((r) => r.url().includes('/api/ds/query') && (r.request().postData() ?? '').includes('"interval":"auto"'));
  await gotoDashboardPage({ uid: ANALYTICS, queryParams: new URLSearchParams({ from: 'now-5y', to: 'now' }) });
  const { results } = await (await answer).json();
  const [times] = results.A.frames[0].data.values;
  expect(times[1] - times[0]).toBe(7 * 86_400_000);
});
