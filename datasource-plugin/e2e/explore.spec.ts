import type { ExplorePage } from '@grafana/plugin-e2e';
import type { Locator, Page } from '@playwright/test';

import { overview, records, repos } from './exporter';
import { expect, test } from './grafana';

/** Opens Explore on the data source, and returns the editor of its query. */
async function editorOf(explorePage: ExplorePage): Promise<Locator> {
  await explorePage.datasource.set('Publisher analytics');
  const editor = explorePage.getQueryEditorRow('A');
  await expect(editor.getByRole('combobox', { name: 'Show' })).toBeVisible();
  return editor;
}

/** Picks a value of one of the editor's lists. */
async function pick(page: Page, editor: Locator, label: string, value: string) {
  await editor.getByRole('combobox', { name: label }).click();
  await page.getByRole('option', { name: value }).first().click();
}

test('each type of query answers', async ({ page, explorePage }) => {
  const editor = await editorOf(explorePage);
  for (const [name, shows] of [
    ['Repositories', (await repos(page.request, { period: 'all_time', limit: '1' }))[0]],
    ['Daily records', 'T'],
    ['Milestones', 'passed'],
    ['Corrections', ''],
    ['Overview', (await overview(page.request, {})).sum.repos.toString()],
  ]) {
    await pick(page, editor, 'Show', name);
    await explorePage.runQuery();
    await expect(page.getByTestId('data-testid Alert error')).toHaveCount(0);
    if (shows) {
      await expect(page.locator('[role="grid"]').first(), name).toContainText(shows);
    }
  }
});

test('a query in Explore is a file, too', async ({ page, explorePage }) => {
  const editor = await editorOf(explorePage);
  await pick(page, editor, 'Show', 'Repositories');
  await pick(page, editor, 'Period', 'Last month');
  await expect(async () => {
    const want = await records(page.request, { period: 'last_month' });
    const href = await editor.getByRole('link', { name: 'Export CSV' }).getAttribute('href');
    const answer = await page.request.get(href ?? '');
    expect(answer.headers()['content-disposition']).toMatch(/^attachment/);
    expect((await answer.body()).equals(want)).toBe(true);
  }).toPass();
});
