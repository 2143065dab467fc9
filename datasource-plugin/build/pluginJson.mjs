import { access } from 'node:fs/promises';
import path from 'node:path';

/**
 * Returns the plugin.json of a build, of the text of that in src.
 *
 * @param {string} text
 * @param {string} version
 * @param {Date} now
 */
export function pluginJSON(text, version, now) {
  const day = now.toISOString().slice(0, 10);
  return JSON.parse(text.replaceAll('%VERSION%', version).replaceAll('%TODAY%', day));
}

/**
 * Fails unless every file that plugin.json names is there.
 *
 * @param {object} plugin     plugin.json
 * @param {string} root       the folder with src/
 * @param {string} dashboards the folder with the dashboards
 */
export async function checkIncludes(plugin, root, dashboards) {
  const { logos, screenshots } = plugin.info;
  const pictures = [logos.small, logos.large, ...screenshots.map((s) => s.path)];
  const files = [
    ...new Set(pictures.map((name) => path.join(root, 'src', name))),
    ...plugin.includes.map((include) => path.join(dashboards, path.basename(include.path))),
  ];
  const missing = [];
  for (const file of files) {
    await access(file).catch(() => missing.push(path.relative(root, file)));
  }
  if (missing.length > 0) {
    throw new Error(`plugin.json names files that are not there: ${missing.join(', ')}`);
  }
}
