import type { Page } from '@playwright/test';

import { ANALYTICS, EXPORTER, expect, open, panel, PROMETHEUS, REPOSITORY, SHARED, test } from './grafana';

/** What may have nothing to show: good news, and what only listings tell. */
const MAY_BE_EMPTY = ['Likes', 'Failures by reason', 'Other errors', 'Downloads removed and backdated'];

const WIDTHS = [1280, 1920];

for (const uid of [ANALYTICS, SHARED, REPOSITORY, PROMETHEUS, EXPORTER]) {
  for (const width of WIDTHS) {
    test(`${uid} is whole and has data, ${width} wide`, async ({ page, gotoDashboardPage }) => {
      await page.setViewportSize({ width, height: 3400 });
      const board = await open(gotoDashboardPage, uid);
      const titles = await titlesOf(page, uid);
      expect(titles.length).toBeGreaterThan(8);
      for (const title of titles) {
        const shown = panel(page, title);
        await expect(shown, title).toBeVisible();
        await expect(board.getPanelByTitle(title).getErrorIcon(), `errors of ${title}`).toHaveCount(0);
        if (!MAY_BE_EMPTY.includes(title)) {
          await expect.poll(() => shown.evaluate(hasData), `data of ${title}`).toBe(true);
        }
      }
      expect(await page.evaluate(whatIsCut), 'what is cut').toEqual([]);
    });
  }
}

/** The titles of a dashboard's panels, with the variables in them replaced. */
async function titlesOf(page: Page, uid: string): Promise<string[]> {
  const answer = await page.request.get(`/api/dashboards/uid/${uid}`);
  const { dashboard } = await answer.json();
  const panels: Array<{ type: string; title: string }> = dashboard.panels;
  const titles = panels.filter((p) => p.type !== 'row' && p.title).map((p) => p.title.replace('${period:text}', 'Last month'));
  return Promise.all(titles.map((title) => withLastDay(page, title)));
}

/** A title with the last recorded day in the place of its variable, as the page has it. */
async function withLastDay(page: Page, title: string): Promise<string> {
  const [before, after] = title.split('${last_day:text}');
  if (after === undefined) {
    return title;
  }
  const header = 'data-testid Panel header ';
  const shown = page.getByTestId(new RegExp(`^${header}${before}[A-Z][a-z]+ \\d+, \\d{4}${after}$`));
  await expect(shown, title).toBeVisible();
  return (await shown.getAttribute('data-testid'))!.slice(header.length);
}

/** Whether a panel shows something: a chart, a row below the header of a table, or a number. */
function hasData(shown: Element): boolean {
  const content = shown.querySelector('[data-testid="data-testid panel content"]');
  if (!content || /no data/i.test(content.textContent ?? '')) {
    return false;
  }
  const rows = content.querySelectorAll('[role="row"]').length;
  return rows > 1 || (rows === 0 && (content.querySelector('canvas') !== null || /\d/.test(content.textContent ?? '')));
}

/** Titles that end in dots, and tables of which a part is out of sight to the right. */
function whatIsCut(): string[] {
  const tooWide = (e: Element) => e.scrollWidth > e.clientWidth + 1;
  const titles = [...document.querySelectorAll('[data-testid^="data-testid Panel header"] h2')].filter(tooWide);
  const tables = [...document.querySelectorAll('[role="grid"]')].filter(tooWide);
  return [...titles, ...tables].map((e) => (e.textContent ?? '').slice(0, 60));
}
