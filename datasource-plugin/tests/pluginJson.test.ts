import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';

import { stamp } from '../.config/bundler/copied';
import { NAME } from '../src/config/settings';

const root = path.join(__dirname, '..');
const json = (name: string) => JSON.parse(readFileSync(path.join(root, name), 'utf8'));
const built = json('dist/plugin.json');

describe('plugin.json', () => {
  it('has the version and the day of the build', () => {
    expect(built.info.version).toBe(json('package.json').version);
    expect(built.info.updated).toMatch(/^\d{4}-\d\d-\d\d$/);

    vi.stubEnv('SOURCE_DATE_EPOCH', String(Date.parse('2026-05-06T23:00:00Z') / 1000));
    expect(stamp(Buffer.from('%TODAY%'))).toBe('2026-05-06');
    vi.unstubAllEnvs();
  });

  it('is of a backend data source for panels, alerts and annotations', () => {
    expect(built).toMatchObject({
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

  it('names no file that is missing', () => {
    const { logos, screenshots } = built.info;
    const files = [logos.small, logos.large, ...[...screenshots, ...built.includes].map((file) => file.path)];
    expect(files.length).toBeGreaterThan(4);
    expect(files.filter((name) => !existsSync(path.join(root, 'dist', name)))).toEqual([]);
  });
});
