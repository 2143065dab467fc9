import { overview } from './exporter';
import { expect, SOURCE, test } from './grafana';

test('the provisioned data source says what it reaches', async ({ page, gotoDataSourceConfigPage }) => {
  const settings = await gotoDataSourceConfigPage(SOURCE);
  // What is provisioned cannot be saved, so the button is another one.
  await page.getByRole('button', { name: /^(Save & test|Test)$/ }).click();
  const { sum, recorded } = await overview(page.request, {});
  await expect(settings).toHaveAlert('success', { hasText: new RegExp(`${sum.repos} repositories .* the last of ${recorded.to}`) });
});
