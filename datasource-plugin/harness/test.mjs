/**
 * Uses the built plugin's editors in a browser, as a user would. With --pictures it
 * keeps pictures of them in ../docs/images, and those that plugin.json shows in src/img.
 */
import assert from 'node:assert/strict';
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

import { serve } from './server.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { info } = JSON.parse(await readFile(path.join(root, 'src/plugin.json'), 'utf8'));
const shown = info.screenshots.map((screenshot) => screenshot.path);
const pictures = process.argv.includes('--pictures');

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const server = await serve();
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: FLAGS,
});

/** Opens an editor, and fails at the end if anything was wrong on its page. */
async function open(editor, { state, theme = 'dark', width = 1180 } = {}) {
  const page = await browser.newPage({ viewport: { width, height: 900 }, deviceScaleFactor: pictures ? 2 : 1 });
  const faults = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => message.type() === 'error' && faults.push(`${message.text()} ${message.location().url}`));
  const params = new URLSearchParams({ editor, theme, ...(state && { state: JSON.stringify(state) }) });
  await page.goto(`${server.url}/?${params}`);
  await page.locator('#editor label').first().waitFor();
  return { page, faults, state: () => page.evaluate(() => window.state) };
}

/** Waits until what the editor made is as expected. */
async function becomes(opened, want, what) {
  const end = Date.now() + 20_000;
  for (;;) {
    const got = await opened.state();
    try {
      assert.deepEqual(got, want, what);
      return;
    } catch (error) {
      if (Date.now() > end) {
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Keeps a picture of the editor, or of a part of the page, with the menus that hang over it. */
async function picture({ page }, name, clip) {
  if (!pictures) {
    return;
  }
  const file = path.join(root, '../docs/images', `plugin-${name}.png`);
  await mkdir(path.dirname(file), { recursive: true });
  await page.evaluate(() => document.fonts.ready);
  await page.mouse.move(0, 0);
  if (clip) {
    await page.screenshot({ path: file, clip });
  } else {
    await page.evaluate(() => document.activeElement?.blur());
    await page.locator('#editor').screenshot({ path: file });
  }
  if (shown.includes(`img/${name}.png`)) {
    await copyFile(file, path.join(root, 'src/img', `${name}.png`));
  }
}

/** Picks an option of the menu that a field opens, after typing into it. */
async function pick({ page }, field, option, typed = '') {
  await page.getByRole('combobox', { name: field }).click();
  if (typed) {
    await page.getByRole('combobox', { name: field }).fill(typed);
  }
  await page.getByRole('option', { name: option }).first().click();
  // The menu of a list stays open until its field is left.
  await page.keyboard.press('Tab');
}

const tests = {
  async 'settings of an exporter'() {
    const editor = await open('config');
    await editor.page.getByLabel('Data source connection URL').fill('http://exporter:10061');
    assert.equal((await editor.state()).url, 'http://exporter:10061');
    assert.equal(await editor.page.getByText('Please enter a valid URL').count(), 0);
    await picture(editor, 'settings-exporter');
    return editor;
  },

  async 'settings of the Hub, saved and changed'() {
    const editor = await open('config');
    await editor.page.getByRole('radio', { name: 'The Hub itself' }).click();
    await editor.page.getByLabel('Organization').fill('acme-ai');
    await editor.page.getByPlaceholder('hf_...').fill('hf_secret');
    await editor.page.getByRole('button', { name: /Additional settings/ }).click();
    await editor.page.getByLabel('Refresh every').fill('6');
    await editor.page.getByText('A duration from 10m to 90d').waitFor();
    await editor.page.getByLabel('Refresh every').fill('12h');
    const filled = await editor.state();
    assert.deepEqual(filled.jsonData, { connection: 'hub', organization: 'acme-ai', refreshInterval: '12h' });
    assert.deepEqual(filled.secureJsonData, { token: 'hf_secret' });
    await editor.page.close();

    // What Grafana gives back once it has saved them.
    const saved = await open('config', { state: { ...filled, secureJsonData: {}, secureJsonFields: { token: true } } });
    assert.equal(await saved.page.getByLabel('Organization').inputValue(), 'acme-ai');
    assert.equal(await saved.page.getByLabel('Refresh every').inputValue(), '12h');
    assert.ok(!(await saved.page.content()).includes('hf_secret'));
    await picture(saved, 'settings');
    await saved.page.getByRole('button', { name: 'Reset' }).click();
    assert.equal((await saved.state()).secureJsonFields.token, false);
    saved.faults.push(...editor.faults);
    return saved;
  },

  async 'a query: a repository by search, other types and formats, the CSV link'() {
    const editor = await open('query');
    await becomes(editor, { refId: 'A', version: 1, queryType: 'overview' });

    server.requests.length = 0;
    await pick(editor, 'Organizations', 'birch-labs');
    await editor.page.getByRole('combobox', { name: 'Repositories' }).click();
    await editor.page.getByRole('combobox', { name: 'Repositories' }).fill('BERT-0');
    await editor.page.getByRole('option', { name: 'birch-labs/tiny-bert-001' }).waitFor();
    await picture(editor, 'query-editor', { x: 0, y: 0, width: 1180, height: 350 });
    await editor.page.getByRole('option', { name: 'birch-labs/tiny-bert-001' }).click();
    await editor.page.keyboard.press('Tab');
    const asked = new URLSearchParams(server.requests.findLast((r) => r.startsWith('repos?')).slice('repos?'.length));
    assert.equal(asked.get('search'), 'BERT-0');
    assert.deepEqual(asked.getAll('org'), ['birch-labs']);
    assert.equal(asked.get('limit'), '50');

    await pick(editor, 'Show', /^Repositories/);
    const selection = { orgs: ['birch-labs'], repos: ['birch-labs/tiny-bert-001'] };
    const common = { refId: 'A', version: 1, queryType: 'repos', ...selection };
    await becomes(editor, common, 'each type has a format of its own by default');
    await editor.page.getByRole('radio', { name: 'Time series' }).click();
    await becomes(editor, { ...common, format: 'time_series' });
    await editor.page.getByRole('radio', { name: 'Table' }).click();
    await becomes(editor, { ...common, format: 'table' });
    await editor.page.getByLabel('Most rows').fill('25');
    await editor.page.getByLabel('Most rows').press('Enter');
    await becomes(editor, { ...common, format: 'table', limit: 25 });

    const link = editor.page.getByRole('link', { name: 'Export CSV' });
    const base = '/grafana/api/datasources/uid/uid-1/resources/export.csv?org=birch-labs&repo=birch-labs%2Ftiny-bert-001';
    assert.equal(await link.getAttribute('href'), `${base}&from=1772323200000&to=1774915200000`);
    assert.equal(await link.getAttribute('target'), '_blank');
    await pick(editor, 'Period', /^Last month/);
    await becomes(editor, { ...common, format: 'table', limit: 25, period: 'last_month' });
    assert.equal(await link.getAttribute('href'), `${base}&period=last_month`);

    await pick(editor, 'Show', /^Milestones/);
    await becomes(editor, { refId: 'A', version: 1, queryType: 'milestones', ...selection });
    return editor;
  },

  async 'a query with dashboard variables'() {
    const editor = await open('query', { state: { refId: 'A', version: 1, queryType: 'repos' } });
    await pick(editor, 'Organizations', '$organization', 'organ');
    await pick(editor, 'Repo types', '$repo_type');
    await becomes(editor, {
      refId: 'A',
      version: 1,
      queryType: 'repos',
      orgs: ['$organization'],
      repoTypes: ['$repo_type'],
    });
    const href = await editor.page.getByRole('link', { name: 'Export CSV' }).getAttribute('href');
    assert.ok(href.includes('?org=acme-ai&from='), `one organization, and all types: ${href}`);
    await picture(editor, 'query-table');
    return editor;
  },

  async 'a variable'() {
    const editor = await open('variable');
    await editor.page.getByRole('radio', { name: 'Organizations' }).click();
    await becomes(editor, { refId: 'variable', version: 1, queryType: 'variable', values: 'org' });
    await pick(editor, 'Repo types', 'dataset');
    await becomes(editor, { refId: 'variable', version: 1, queryType: 'variable', values: 'org', repoTypes: ['dataset'] });
    await picture(editor, 'variable');
    return editor;
  },

  async 'an annotation, in the light theme'() {
    const editor = await open('annotation', { theme: 'light' });
    await pick(editor, 'Smallest milestone', '10,000');
    await becomes(editor, { refId: 'Anno', version: 1, queryType: 'milestones', least: 10_000 });
    await picture(editor, 'annotation');
    await pick(editor, 'Show', /^Corrections/);
    await becomes(editor, { refId: 'Anno', version: 1, queryType: 'corrections' });
    return editor;
  },

  async 'a narrow page'() {
    const editor = await open('query', { width: 480, state: { refId: 'A', version: 1, queryType: 'repos' } });
    const wider = await editor.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(wider <= 0, `the editor is ${wider} pixels wider than the page`);
    return editor;
  },
};

let failed = 0;
for (const [name, test] of Object.entries(tests)) {
  try {
    const { page, faults } = await test();
    await page.close();
    assert.deepEqual(faults, [], 'errors on the page');
    console.log(`ok      ${name}`);
  } catch (error) {
    failed++;
    console.error(`FAILED  ${name}\n${error.stack}`);
  }
}
await browser.close();
await server.close();
process.exitCode = failed === 0 ? 0 : 1;
