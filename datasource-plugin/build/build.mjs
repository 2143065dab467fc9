/**
 * Writes what the frontend gives to the plugin's folder dist/: module.js and
 * plugin.json, the texts, the pictures and the dashboards. Backends that are in
 * dist/ stay. With --watch it does so again whenever a source has changed.
 */
import { cp, mkdir, readFile, rm, watch, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { bundle, root } from './bundle.mjs';
import { checkIncludes, pluginJSON } from './pluginJson.mjs';

const dist = path.join(root, 'dist');
const dashboards = path.join(root, '../dashboards');

/** The day that plugin.json names: that of the sources, where it is told. */
function buildDate() {
  const epoch = process.env.SOURCE_DATE_EPOCH;
  return epoch ? new Date(Number(epoch) * 1000) : new Date();
}

async function build() {
  const { version } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
  const plugin = pluginJSON(await readFile(path.join(root, 'src/plugin.json'), 'utf8'), version, buildDate());
  await checkIncludes(plugin, root, dashboards);

  const { code, map, dependencies } = await bundle();
  await mkdir(dist, { recursive: true });
  for (const folder of ['img', 'dashboards']) {
    await rm(path.join(dist, folder), { recursive: true, force: true });
  }
  await Promise.all([
    writeFile(path.join(dist, 'module.js'), code),
    writeFile(path.join(dist, 'module.js.map'), map),
    writeFile(path.join(dist, 'plugin.json'), JSON.stringify(plugin, null, 2) + '\n'),
    cp(path.join(root, 'src/img'), path.join(dist, 'img'), { recursive: true }),
    ...['README.md', 'CHANGELOG.md', 'LICENSE'].map((name) => cp(path.join(root, name), path.join(dist, name))),
    ...plugin.includes.map(({ path: name }) =>
      cp(path.join(dashboards, path.basename(name)), path.join(dist, name))
    ),
  ]);
  console.log(`dist/module.js: ${Math.round(code.length / 1024)} KiB; from Grafana: ${dependencies.join(', ')}`);
}

async function main() {
  await build();
  if (!process.argv.includes('--watch')) {
    return;
  }
  console.log('watching src/');
  for await (const _ of watch(path.join(root, 'src'), { recursive: true })) {
    await build().catch((error) => console.error(error.message));
  }
}

main().catch((error) => {
  console.error(`build: ${error.message}`);
  process.exit(1);
});
