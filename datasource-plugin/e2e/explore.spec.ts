import type { ExplorePage } from '@grafana/plugin-e2e';
import type { Locator, Page } from '@playwright/test';

import { records, repos } from './exporter';
import { expect, SOURCE, test } from './grafana';

/** Opens Explore on the data source and the last year, and returns the editor of its query. */
async function editorOf(explorePage: ExplorePage): Promise<Locator> {
  const pane = { datasource: SOURCE, queries: [{ refId: 'A' }], range: { from: 'now-1y', to: 'now' } };
  await explorePage.goto({ queryParams: new URLSearchParams({ schemaVersion: '1', panes: JSON.stringify({ a: pane }) }) });
  const editor = explorePage.getQueryEditorRow('A');
  await expect(editor.getByRole('combobox', { name: 'Show' })).toBeVisible();
  return editor;
}

/**
 * Picks a value of one of the editor's lists, with the keyboard: a click with the mouse
 * on any list of this kind, also on those of Prometheus, ends Explore of Grafana 12.4.0.
 */
async function pick(page: Page, editor: Locator, label: string, value: string) {
  const list = editor.getByRole('combobox', { name: label });
  // An answer that comes in between draws the list anew, without what was typed.
  await expect(async () => {
    await list.click();
    await list.fill(value);
    await expect(page.getByRole('option')).toHaveCount(1, { timeout: 5000 });
    await list.press('Enter');
    await expect(list).toHaveValue(value, { timeout: 5000 });
  }).toPass();
}

test('each type of query answers', async ({ page, explorePage }) => {
  const editor = await editorOf(explorePage);
  const [first] = await repos(page.request, { sort: 'name', limit: '1' });
  for (const [name, type, shows] of [
    ['Daily records', 'export', first.split('/')[0]],
    ['Repositories', 'repos', 'model'],
    ['Milestones', 'milestones', 'passed'],
    ['Corrections', 'corrections', ''],
    ['Overview', 'overview', 'model'],
  ]) {
    // A change of the query asks at once.
    const answer = page.waitForResponse(
      (r) => r.url().includes('/api/ds/query') && (r.request().postData() ?? '').includes(`"queryType":"${type}"`)
    );
    await pick(page, editor, 'Show', name);
    expect((await answer).status(), name).toBe(200);
    // Without an error there is one of another title on the page, which is not to be seen.
    await expect(page.getByTestId('data-testid Alert error').filter({ hasText: 'Query error' })).toHaveCount(0);
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
