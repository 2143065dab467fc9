import { readFileSync } from 'node:fs';
import path from 'node:path';

import * as emotion from '@emotion/css';
import * as data from '@grafana/data';
import * as runtime from '@grafana/runtime';
import * as ui from '@grafana/ui';
import * as react from 'react';
import * as rxjs from 'rxjs';
import { describe, expect, it } from 'vitest';

import { plugin } from '../.config/bundler/copied';
import { externals } from '../.config/bundler/externals';

const root = path.join(__dirname, '..');
const read = (name: string) => readFileSync(path.join(root, name), 'utf8');
const code = read('dist/module.js');

const GIVEN: Record<string, unknown> = {
  '@emotion/css': emotion,
  '@grafana/data': data,
  '@grafana/runtime': runtime,
  '@grafana/ui': ui,
  react,
  rxjs,
};

/** Evaluates module.js as Grafana does it, and returns what it named and what it exports. */
function load(given: Record<string, unknown>) {
  const calls: Array<{ names: string[]; exported: any }> = [];
  const define = (names: string[], factory: (...modules: unknown[]) => unknown) =>
    calls.push({ names, exported: factory(...names.map((name) => given[name])) });
  new Function('define', code)(define);
  expect(calls).toHaveLength(1);
  return calls[0];
}

describe('module.js', () => {
  it('asks for nothing but what Grafana has', () => {
    const { names } = load(GIVEN);
    expect(names).toContain('react');
    expect(names.filter((name) => !externals.includes(name))).toEqual([]);
  });

  it('exports the plugin with its editors', () => {
    const { plugin } = load(GIVEN).exported;
    expect(plugin).toBeInstanceOf(data.DataSourcePlugin);
    expect(plugin.components.ConfigEditor).toBeTypeOf('function');
    expect(plugin.components.QueryEditor).toBeTypeOf('function');
    expect(plugin.DataSourceClass.prototype).toBeInstanceOf(runtime.DataSourceWithBackend);
  });

  it('finds its modules as Grafana wraps them, in a module of the ES kind', () => {
    const wrapped = Object.fromEntries(
      Object.entries(GIVEN).map(([name, module]) => [name, { ...(module as object), default: module, __esModule: true }])
    );
    expect(load(wrapped).exported.plugin.components.QueryEditor).toBeTypeOf('function');
  });

  it('has nothing of React in it, whose versions differ', () => {
    expect(code).not.toContain('__SECRET_INTERNALS');
    expect(code).not.toContain('__CLIENT_INTERNALS');
    expect(code).not.toContain('react.element');
    expect(load(GIVEN).names).not.toContain('react/jsx-runtime');
  });

  it('is small', () => {
    expect(code.length).toBeLessThan(200_000);
  });

  it('has a source map with the sources as they are', () => {
    const { sources, sourcesContent } = JSON.parse(read('dist/module.js.map'));
    const own = `webpack://${plugin.id}/./`;
    const names = sources.filter((name: string) => name.startsWith(own));
    expect(names).toContain(`${own}module.ts`);
    for (const name of names) {
      expect(sourcesContent[sources.indexOf(name)], name).toBe(read(`src/${name.slice(own.length)}`));
    }
    expect(code).toMatch(/\n\/\/# sourceMappingURL=module\.js\.map$/);
  });
});
