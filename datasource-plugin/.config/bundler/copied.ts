import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Pattern } from 'copy-webpack-plugin';

const root = path.join(import.meta.dirname, '../..');
const json = (name: string) => JSON.parse(readFileSync(path.join(root, name), 'utf8'));

interface PluginJSON {
  id: string;
  info: { logos: { small: string; large: string }; screenshots: Array<{ path: string }> };
  includes: Array<{ path: string }>;
}

export const plugin: PluginJSON = json('src/plugin.json');

/** plugin.json with the version and the day of the build: that of the sources, where it is told. */
export function stamp(text: Buffer): string {
  const epoch = process.env.SOURCE_DATE_EPOCH;
  const day = (epoch ? new Date(Number(epoch) * 1000) : new Date()).toISOString().slice(0, 10);
  return text.toString().replaceAll('%VERSION%', json('package.json').version).replaceAll('%TODAY%', day);
}

const { logos, screenshots } = plugin.info;
const named = new Set([logos.small, logos.large, ...[...screenshots, ...plugin.includes].map((file) => file.path)]);

/** What stands beside module.js: plugin.json, all that it names, and the texts. The build fails if one is missing. */
export const copied: Pattern[] = [
  { from: 'plugin.json', transform: stamp },
  ...['README.md', 'CHANGELOG.md', 'LICENSE'].map((name) => ({ from: `../${name}` })),
  ...Array.from(named, (name) => ({ from: name, to: name })),
];
