import { address, overview } from './exporter';
import { expect, panel, PROMETHEUS, SHARED, test } from './grafana';

const written = (n: number) => n.toLocaleString('en-US');

test('the shared dashboard is read without a login', async ({ page, browser, baseURL }) => {
  const route = `/api/dashboards/uid/${SHARED}/public-dashboards/`;
  const made = await page.request.post(route, { data: { isEnabled: true, timeSelectionEnabled: true, share: 'public' } });
  const { uid, accessToken } = made.ok() ? await made.json() : await (await page.request.get(route)).json();
  try {
    const context = await browser.newContext({ baseURL, locale: 'en-US', timezoneId: 'UTC', viewport: { width: 1440, height: 2700 } });
    const visitor = await context.newPage();
    await visitor.goto(`/public-dashboards/${accessToken}`);
    const { sum } = await overview(page.request, { period: 'last_month' });
    await expect(panel(visitor, 'All repositories')).toContainText(written(sum.downloads));
    await expect(panel(visitor, 'Total on the Hub')).toContainText(written(sum.repos));
    for (const title of ['Downloads', 'Downloads per month', 'Share of the ten largest']) {
      await expect(panel(visitor, title).locator('canvas, [data-testid="data-testid Bar gauge value"]').first(), title).toBeVisible();
    }
    await expect(panel(visitor, 'Repositories in the last month').locator('[role="row"]').nth(5)).toBeVisible();
    await context.close();
  } finally {
    await page.request.delete(`${route}${uid}`);
  }
});

test("the dashboard over Prometheus works over the exporter's own PromQL API", async ({ page, gotoDashboardPage }) => {
  const added = await page.request.post('/api/datasources', {
    data: { name: 'PromQL of the exporter', type: 'prometheus', access: 'proxy', url: `${await address(page.request)}/prometheus`, jsonData: { httpMethod: 'POST', timeInterval: '1d' } },
  });
  const { datasource } = await added.json();
  try {
    const board = await gotoDashboardPage({ uid: PROMETHEUS, queryParams: new URLSearchParams({ 'var-datasource': datasource.uid }) });
    await board.waitForPanelsQueriesToComplete();
    const { sum } = await overview(page.request, {});
    await expect(panel(page, 'Total on the Hub')).toContainText(written(sum.repos));
    for (const title of ['Downloads per day', 'Repositories over time', 'Seven-day average', 'Week over week']) {
      await expect(panel(page, title).locator('canvas').first(), title).toBeVisible();
      await expect(panel(page, title).getByText(/no data/i), title).toHaveCount(0);
    }
    await expect(panel(page, 'Repositories').locator('[role="row"]').nth(5)).toBeVisible();
  } finally {
    await page.request.delete(`/api/datasources/uid/${datasource.uid}`);
  }
});
