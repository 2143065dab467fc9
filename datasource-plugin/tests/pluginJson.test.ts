import { mkdtemp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

import { checkIncludes, pluginJSON } from '../build/pluginJson.mjs';
import { NAME } from '../src/config/settings';

const root = path.join(__dirname, '..');
const source = () => readFile(path.join(root, 'src/plugin.json'), 'utf8');

describe('plugin.json', () => {
  it('has the version and the day of the build', async () => {
    const { info } = pluginJSON(await source(), '1.2.3', new Date('2026-05-06T23:00:00Z'));
    expect(info.version).toBe('1.2.3');
    expect(info.updated).toBe('2026-05-06');
  });

  it('is of a backend data source for panels, alerts and annotations', async () => {
    expect(pluginJSON(await source(), '1.2.3', new Date())).toMatchObject({
      id: 'huggingfaceexporter-publisheranalytics-datasource',
      name: NAME,
      type: 'datasource',
      backend: true,
      executable: 'gpx_publisheranalytics',
      metrics: true,
      annotations: true,
      alerting: true,
      dependencies: { grafanaDependency: '>=11.6.0' },
    });
  });

  it('names no file that is missing, or says which', async () => {
    const plugin = pluginJSON(await source(), '1.2.3', new Date());
    const dashboards = await mkdtemp(path.join(tmpdir(), 'dashboards-'));
    await expect(checkIncludes(plugin, root, dashboards)).rejects.toThrow('publisher-analytics.json');

    await mkdir(dashboards, { recursive: true });
    for (const include of plugin.includes) {
      await writeFile(path.join(dashboards, path.basename(include.path)), '{}');
    }
    await expect(checkIncludes(plugin, root, dashboards)).resolves.toBeUndefined();

    plugin.info.logos.small = 'img/none.svg';
    await expect(checkIncludes(plugin, root, dashboards)).rejects.toThrow('src/img/none.svg');
  });
});
