import { test as base, type DashboardPage } from '@grafana/plugin-e2e';
import { expect, type Locator, type Page } from '@playwright/test';

export { expect };

/** The uids that dashboards/ and dashboards/provisioning give. */
export const ANALYTICS = 'huggingface-publisher-analytics';
export const REPOSITORY = 'huggingface-repository';
export const PROMETHEUS = 'huggingface-publisher-prometheus';
export const EXPORTER = 'huggingface-exporter';
export const SHARED = 'huggingface-publisher-shared';
export const SOURCE = 'publisher-analytics';
export const PLUGIN = 'huggingfaceexporter-publisheranalytics-datasource';

/** What Grafana itself asks of the web, which it may not reach: its catalog of plugins, and a library of its own. */
const CATALOG = /\/api\/gnet\/|plugins from catalog|openfpcdn\.io/;

/**
 * Tests of plugin-e2e that also fail if anything was wrong on the page: an error on the
 * console, one that nobody caught, or a request that Grafana refused.
 */
export const test = base.extend<{ expected: RegExp; noFaults: void }>({
  /** Faults that a test is about. */
  expected: [/^$/, { option: true }],
  noFaults: [
    async ({ page, expected }, use) => {
      const faults: string[] = [];
      page.on('pageerror', (error) => faults.push(`not caught: ${error.message}`));
      const add = (fault: string) => CATALOG.test(fault) || expected.test(fault) || faults.push(fault);
      page.on('console', (m) => m.type() === 'error' && add(`console: ${m.text()} ${m.location().url}`));
      page.on('response', (r) => r.status() >= 400 && add(`${r.status()} ${r.url()}`));
      await use();
      expect(faults, 'errors on the page').toEqual([]);
    },
    { auto: true },
  ],
});

/** Opens a dashboard and waits until all of its panels have their answers. */
export async function open(
  goto: (args: { uid: string; queryParams?: URLSearchParams }) => Promise<DashboardPage>,
  uid: string,
  params: Record<string, string> = {}
): Promise<DashboardPage> {
  const board = await goto({ uid, queryParams: new URLSearchParams({ timezone: 'utc', ...params }) });
  await board.waitForPanelsQueriesToComplete();
  return board;
}

/** The panel with a title. */
export function panel(page: Page, title: string): Locator {
  return page.getByTestId(`data-testid Panel header ${title}`);
}

/** A variable of the dashboard, by its label. */
function variable(page: Page, label: string): Locator {
  return page
    .getByTestId('data-testid template variable')
    .filter({ has: page.getByTestId(`data-testid Dashboard template variables submenu Label ${label}`) });
}

/** Picks the value of a variable from its list. */
export async function choose(page: Page, label: string, value: string): Promise<void> {
  await variable(page, label).getByRole('combobox').click();
  await page.getByRole('option', { name: value, exact: true }).click();
}

/** Types the value of a variable that is a text. */
export async function type(page: Page, label: string, value: string): Promise<void> {
  const input = variable(page, label).getByRole('textbox');
  await input.fill(value);
  await input.press('Enter');
}

/** The cells of a column of a table, as far as its rows are in sight. */
export function column(table: Locator, index: number): Locator {
  return table.locator(`[role="row"] [role="gridcell"][aria-colindex="${index}"]`);
}
