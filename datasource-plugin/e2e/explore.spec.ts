import type { ExplorePage } from '@grafana/plugin-e2e';
import type { Locator, Page } from '@playwright/test';

import { records } from './exporter';
import { expect, SOURCE, test } from './grafana';

/** Opens Explore on the data source and the last year, and returns the editor of its query. */
async function editorOf(explorePage: ExplorePage, query: object = {}): Promise<Locator> {
  const pane = { datasource: SOURCE, queries: [{ refId: 'A', ...query }], range: { from: 'now-1y', to: 'now' } };
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
  await list.click();
  await list.fill(value);
  // Others are found by their descriptions, and none is always the one that Enter would take.
  const option = page.getByRole('option').filter({ hasText: new RegExp(`^${value}`) });
  await expect(async () => {
    await list.press('ArrowDown');
    await expect(option).toHaveAttribute('aria-selected', 'true', { timeout: 1000 });
  }).toPass();
  await list.press('Enter');
  await expect(list).toHaveValue(value);
}

/** Waits for the answer to a query of a type. */
async function answered(page: Page, type: string) {
  const answer = await page.waitForResponse(
    (r) => r.url().includes('/api/ds/query') && (r.request().postData() ?? '').includes(`"queryType":"${type}"`)
  );
  expect(answer.status()).toBe(200);
}

/** Expects an answer that is drawn, as a table with a text in it. */
async function isShown(page: Page, text: string) {
  // Without an error there is one of another title on the page, which is not to be seen.
  await expect(page.getByTestId('data-testid Alert error').filter({ hasText: 'Query error' })).toHaveCount(0);
  if (text) {
    await expect(page.locator('[role="grid"]').first()).toContainText(text);
  }
}

for (const [name, type, shows] of [
  ['Daily records', 'export', '/'],
  ['Repositories', 'repos', 'model'],
  ['Readings', 'readings', ''],
  ['Milestones', 'milestones', 'passed'],
  ['Forecast', 'forecast', '000'],
  ['Highlights', 'highlights', ''],
  ['Corrections', 'corrections', ''],
]) {
  test(`${name} are asked for and shown`, async ({ page, explorePage }) => {
    const editor = await editorOf(explorePage);
    // A change of the query asks at once.
    const answer = answered(page, type);
    await pick(page, editor, 'Show', name);
    await answer;
    await isShown(page, shows);
  });
}

test('begins with data, whatever the time range is, and with queries to start with', async ({ page, explorePage }) => {
  const answer = answered(page, 'repos');
  const pane = { datasource: SOURCE, range: { from: 'now-1h', to: 'now' } };
  await explorePage.goto({ queryParams: new URLSearchParams({ schemaVersion: '1', panes: JSON.stringify({ a: pane }) }) });
  await answer;
  await isShown(page, '/');
  const next = answered(page, 'forecast');
  await explorePage.getQueryEditorRow('A').getByRole('button', { name: 'Next milestones' }).click();
  await next;
  await isShown(page, '000');
});

test('says which day was recorded last if there is none in the time range', async ({ page, explorePage }) => {
  const pane = { datasource: SOURCE, queries: [{ refId: 'A', queryType: 'overview' }], range: { from: '2030-01-01', to: '2030-01-02' } };
  await explorePage.goto({ queryParams: new URLSearchParams({ schemaVersion: '1', panes: JSON.stringify({ a: pane }) }) });
  const row = explorePage.getQueryEditorRow('A');
  await row.getByText('1 info').hover();
  await expect(page.getByText(/The last recorded day of the selected repositories is \w+ \d+, \d{4}/)).toBeVisible();
});

test('an overview that comes with the address is shown', async ({ page, explorePage }) => {
  const answer = answered(page, 'overview');
  await editorOf(explorePage, { queryType: 'overview', format: 'totals' });
  await answer;
  await isShown(page, 'model');
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
