import { ANALYTICS, expect, open, test } from './grafana';

test('milestones and corrections are marked, and each can be switched off', async ({ page, gotoDashboardPage }) => {
  await open(gotoDashboardPage, ANALYTICS, { from: 'now-1y', to: 'now' });
  const marks = page.getByTestId(/Panel header Downloads: data up to \w+ \d+, \d{4}$/).getByTestId('data-testid annotation-marker');
  const toggle = (name: string) => page.getByTestId(`data-testid Dashboard template variables submenu Label ${name}`);
  await expect(marks.first()).toBeVisible();
  const all = await marks.count();

  await marks.last().hover();
  await expect(page.getByText(/\/\S+ passed \d+[kM]? downloads|removed downloads|added past/).first()).toBeVisible();

  await toggle('Milestones').click();
  await expect.poll(() => marks.count()).toBeLessThan(all);
  await toggle('Corrections').click();
  await expect(marks).toHaveCount(0);
  await toggle('Milestones').click();
  await expect(marks.first()).toBeVisible();
});
