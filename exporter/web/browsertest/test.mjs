/**
 * Uses the page of a running exporter in a browser, as a publisher would. With --pictures it
 * keeps pictures of it in docs/images.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const require = createRequire(path.join(root, 'datasource-plugin/package.json'));
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const binary = process.env.BINARY ?? path.join(root, 'bin/huggingface_exporter');
const pictures = process.argv.includes('--pictures');

const folder = mkdtempSync(path.join(os.tmpdir(), 'page-'));
const hx = (...args) => execFileSync(binary, args, { cwd: folder, maxBuffer: 1 << 30, stdio: ['ignore', 'pipe', 'ignore'] });

/** A port that is free now. */
function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

writeFileSync(path.join(folder, 'a.csv'), hx('generate', '--repos=230', '--days=200', '--last=2026-05-31', '--org=acme'));
const evil = 'globex/"><script>alert(1)</script>';
const quoted = `"${evil.replaceAll('"', '""')}"`;
writeFileSync(
  path.join(folder, 'b.csv'),
  'repoType,repoName,total,timestamp,downloads\n' +
    ['29', '30', '31'].map((day) => `model,${quoted},60,2026-05-${day}T00:00:00.000Z,20\n`).join(''),
);
hx('import', '--storage.path=data', 'a.csv', 'b.csv');
const port = await freePort();
const server = spawn(binary, ['serve', '--storage.path=data', `--web.listen-address=127.0.0.1:${port}`], { cwd: folder, stdio: 'ignore' });
const url = `http://127.0.0.1:${port}`;
const api = async (route) => (await fetch(url + route)).json();
for (let i = 0; ; i++) {
  const ready = await fetch(`${url}/-/ready`).catch(() => undefined);
  if (ready?.ok) {
    break;
  }
  assert.ok(i < 300, 'the exporter is not ready after 30 s');
  await new Promise((resolve) => setTimeout(resolve, 100));
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});

/** Opens the page, and fails at its end if anything was wrong in it. */
async function open(address, options, use) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const faults = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
  page.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  await page.goto(url + address);
  await use(page);
  assert.deepEqual(faults, [], address);
  await context.close();
}

const grouped = (n) => n.toLocaleString('en-US');
const names = (page) => page.locator('td.name a').allTextContents();
const until = async (get, want, what) => {
  for (let i = 0; ; i++) {
    const got = await get();
    try {
      assert.deepEqual(got, want, what);
      return;
    } catch (error) {
      if (i > 100) {
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
};

const tests = {
  async 'the numbers are those of the API, for each period'() {
    await open('/', {}, async (page) => {
      for (const [text, query] of [['Last month', 'period=last_month'], ['All time', 'period=all_time']]) {
        await page.getByRole('link', { name: text, exact: true }).click();
        const want = await api(`/api/v1/overview?group_by=repo_type&${query}`);
        const cards = page.locator('.card');
        await until(() => cards.locator('.number').evaluateAll((all) => all.map((one) => one.firstChild.textContent.trim())),
          [want.sum, ...want.groups].map((sum) => grouped(sum.downloads)), text);
        const bars = await page.locator('details tbody td.number').evaluateAll((all) => all.map((one) => Number(one.textContent.replaceAll(',', ''))));
        assert.equal(bars.reduce((sum, n) => sum + n, 0), want.sum.downloads, `the bars of ${text}`);
      }
      assert.match(page.url(), /period=all_time/);
    });
  },

  async 'search, types and organizations'() {
    await open('/', {}, async (page) => {
      const want = await api('/api/v1/repos?period=last_month&search=BASE');
      await page.getByPlaceholder('Search by name').pressSequentially('BASE', { delay: 20 });
      await until(() => names(page), want.rows.map((row) => row.repo), 'found');
      assert.match(page.url(), /search=BASE/);
      assert.equal(await page.evaluate(() => document.activeElement.id), 'search-input');
      await page.getByPlaceholder('Search by name').fill('');
      await page.locator('#search-org').selectOption('globex');
      await until(() => names(page), [evil], 'of globex');
      await page.goBack();
      await until(() => names(page), want.rows.map((row) => row.repo), 'back');
    });
  },

  async 'sort and pages reach every repository'() {
    await open('/?limit=100', {}, async (page) => {
      await page.getByRole('link', { name: 'Total' }).click();
      const want = (await api('/api/v1/repos?period=last_month&sort=total&limit=1000')).rows.map((row) => row.repo);
      const got = [];
      for (const part of ['1–100 of 231', '101–200 of 231', '201–231 of 231']) {
        await page.locator('.pages', { hasText: part }).waitFor();
        got.push(...(await names(page)));
        if (part !== '201–231 of 231') {
          await page.getByRole('link', { name: 'Next' }).click();
        }
      }
      assert.deepEqual(got, want);
      await page.getByRole('link', { name: 'Total' }).click();
      await until(async () => (await names(page))[0], want.at(-1), 'ascending');
      assert.equal(await page.locator('th[aria-sort]').getAttribute('aria-sort'), 'ascending');
    });
  },

  async 'the CSV equals export'() {
    await open('/?search=base&repo_type=model&from=2026-05-01&to=2026-05-31', {}, async (page) => {
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download CSV' }).click()]);
      assert.equal(download.suggestedFilename(), 'publisher-analytics_model_2026-05-01_2026-05-31.csv');
      const got = readFileSync(await download.path());
      const want = hx('export', '--storage.path=data', '--search=base', '--repo-type=model', '--from=2026-05-01', '--to=2026-05-31');
      assert.ok(got.length > 1000 && got.equals(want), `${got.length} bytes, want ${want.length}`);
    });
  },

  async 'a repository has a page of its own, whatever its name'() {
    await open('/?search=script', {}, async (page) => {
      await page.getByRole('link', { name: evil }).click();
      await page.getByRole('heading', { level: 1, name: evil }).waitFor();
      assert.equal(await page.title(), `${evil} · Publisher analytics`);
      await until(() => page.locator('.card .number').first().innerText(), '60', 'its downloads');
      await page.getByRole('link', { name: 'All repositories' }).click();
      await page.locator('.pages', { hasText: 'of 231' }).waitFor();
    });
  },

  async 'badges and charts show, and nothing runs in them'() {
    const hostile = encodeURIComponent('"><script>alert(1)</script>');
    await open('/', {}, async (page) => {
      for (const [address, height] of [
        ['api/v1/badge?org=acme&format=svg', 20],
        ['api/v1/badge?org=acme&format=png&scale=2', 40],
        [`api/v1/badge?format=svg&label=${hostile}`, 20],
        ['api/v1/badge?org=none&format=svg', 20],
        [`api/v1/chart.svg?title=${hostile}`, 300],
        ['api/v1/chart.png?org=acme&theme=dark&height=200', 200],
      ]) {
        const size = await page.evaluate(async (src) => {
          const image = new Image();
          image.src = src;
          await image.decode();
          return [image.naturalWidth, image.naturalHeight];
        }, address);
        assert.ok(size[0] > 30 && size[1] === height, `${address}: ${size}`);
      }
    });
    for (const address of [`/api/v1/badge?format=svg&label=${hostile}`, `/api/v1/chart.svg?title=${hostile}&repo=${encodeURIComponent(evil)}`]) {
      await open(address, {}, async (page) => {
        assert.equal(await page.evaluate(() => document.documentElement.localName + document.querySelectorAll('script').length), 'svg0');
        assert.match(await page.evaluate(() => document.documentElement.textContent), /"><script>alert\(1\)<\/script>/);
      });
    }
    await open(`/?repo=${encodeURIComponent(evil)}`, {}, async (page) => {
      await page.getByRole('link', { name: 'Badge' }).click();
      assert.match(await page.evaluate(() => document.documentElement.textContent), /60\/month/);
    });
  },

  async 'it reads without JavaScript'() {
    await open('/', { javaScriptEnabled: false }, async (page) => {
      await page.getByPlaceholder('Search by name').fill('globex');
      await page.getByRole('button', { name: 'Search' }).click();
      assert.deepEqual(await names(page), [evil]);
      await page.getByRole('link', { name: evil }).click();
      assert.match(await page.locator('h1').innerText(), /script/);
      await page.getByLabel('From').fill('2026-05-31');
      await page.getByRole('button', { name: 'Show' }).click();
      assert.match(await page.locator('.card').first().innerText(), /\b20\b/);
    });
  },

  async 'nothing is in the way of anybody, nothing sticks out'() {
    for (const address of ['/', '/?period=all_time', '/?search=none', '/?sort=x', '/?repo=' + encodeURIComponent(evil), '/debug/collections']) {
      for (const colorScheme of ['light', 'dark']) {
        await open(address, { colorScheme, bypassCSP: true }, async (page) => {
          await page.evaluate(axe);
          const { violations } = await page.evaluate(() => window.axe.run());
          assert.deepEqual(violations.map((v) => `${v.id}: ${v.nodes.map((node) => node.html).join(' ')}`), [], `${address}, ${colorScheme}`);
          for (const width of [360, 768, 1920]) {
            await page.setViewportSize({ width, height: 900 });
            const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
            assert.ok(over <= 0, `${address} is ${over} pixels too wide at ${width}`);
          }
        }).catch((error) => {
          // A view that is not there is an error of the network to the browser.
          if (!/sort=x/.test(address) || !/400/.test(error.message)) {
            throw error;
          }
        });
      }
    }
  },

  async 'the keyboard does all'() {
    await open('/', {}, async (page) => {
      const reached = new Set();
      for (let i = 0; i < 40; i++) {
        await page.keyboard.press('Tab');
        reached.add(await page.evaluate(() => document.activeElement.textContent.trim() || document.activeElement.name));
      }
      for (const want of ['Last month', 'All time', 'from', 'to', 'Show', 'Download CSV', 'search', 'Repository', 'Total']) {
        assert.ok(reached.has(want), `${want} was not reached`);
      }
    });
  },
};

let failed = 0;
try {
  for (const [name, test] of Object.entries(tests)) {
    try {
      await test();
      console.log(`ok    ${name}`);
    } catch (error) {
      failed++;
      console.error(`FAIL  ${name}\n${error.stack}`);
    }
  }
  if (pictures) {
    for (const [name, address, options] of [
      ['page', '/?from=2026-03-01&to=2026-05-31', { viewport: { width: 1280, height: 960 }, deviceScaleFactor: 2 }],
      ['page-dark', '/?period=all_time', { viewport: { width: 1280, height: 960 }, deviceScaleFactor: 2, colorScheme: 'dark' }],
    ]) {
      await open(address, options, (page) => page.screenshot({ path: path.join(root, `docs/images/${name}.png`) }));
    }
  }
} finally {
  await browser.close();
  server.kill();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);
