import { address, overview } from './exporter';
import { expect, PLUGIN, SOURCE, test } from './grafana';

test('the provisioned data source says what it reaches', async ({ page, gotoDataSourceConfigPage }) => {
  const settings = await gotoDataSourceConfigPage(SOURCE);
  // What is provisioned cannot be saved, so the button is another one.
  await page.getByRole('button', { name: /^(Save & test|Test)$/ }).click();
  const { sum, recorded } = await overview(page.request, {});
  await expect(settings).toHaveAlert('success', { hasText: new RegExp(`${sum.repos} repositories .* up to ${recorded.to}`) });
});

test('the plugin brings two dashboards along', async ({ page }) => {
  const answer = await page.request.get(`/api/plugins/${PLUGIN}/dashboards`);
  const boards: Array<{ title: string }> = await answer.json();
  expect(boards.map((board) => board.title).sort()).toEqual(['Hugging Face publisher analytics', 'Hugging Face repository']);
});

test.describe('a data source of one\'s own', () => {
  // Grafana answers a check that fails with status 400.
  test.use({ expected: /\/health\b/ });

  test('of an exporter: a wrong URL is told, the right one is saved', async ({ page, createDataSourceConfigPage }) => {
    const settings = await createDataSourceConfigPage({ type: PLUGIN });
    const url = page.getByLabel('Data source connection URL');
    await url.fill('http://127.0.0.1:1');
    await settings.saveAndTest();
    await expect(settings).toHaveAlert('error', { hasText: /no connection: .*refused; check the URL/i });
    await url.fill(await address(page.request));
    expect((await settings.saveAndTest()).status()).toBe(200);
    await expect(settings).toHaveAlert('success', { hasText: /Reached the exporter at/ });
  });

  test('of the Hub itself: a wrong token is told, the right one is saved and not shown', async ({ page, createDataSourceConfigPage }) => {
    const hub = process.env.HUB_URL ?? '';
    test.skip(hub === '', 'HUB_URL is not set');
    const settings = await createDataSourceConfigPage({ type: PLUGIN });
    await page.getByRole('radio', { name: 'The Hub itself' }).click();
    await page.getByLabel('Organization').fill('initech');
    await page.getByPlaceholder('hf_...').fill('hf_notThatOne');
    await page.getByRole('button', { name: /Additional settings/ }).click();
    await page.getByLabel('Endpoint').fill(hub);
    await settings.saveAndTest();
    await expect(settings).toHaveAlert('error', { hasText: /does not know the token/ });

    await page.getByRole('button', { name: 'Reset' }).click();
    await page.getByPlaceholder('hf_...').fill('hf_fake');
    expect((await settings.saveAndTest()).status()).toBe(200);
    await expect(settings).toHaveAlert('success', { hasText: /The Hub returned the downloads of initech/ });
    expect(await page.content()).not.toContain('hf_fake');
  });
});
