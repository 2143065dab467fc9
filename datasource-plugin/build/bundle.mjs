import { fileURLToPath } from 'node:url';
import path from 'node:path';
import * as esbuild from 'esbuild';

import { externals } from './externals.mjs';

export const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Bundles src/module.ts into one AMD module.
 *
 * esbuild writes CommonJS; what is put around it hands the modules that Grafana has
 * given to `define` to the `require` calls inside. Returns the text of module.js and
 * of its source map, and the names of the modules it asks Grafana for.
 *
 * @returns {Promise<{code: string, map: string, dependencies: string[]}>}
 */
export async function bundle() {
  const result = await esbuild.build({
    absWorkingDir: root,
    entryPoints: ['src/module.ts'],
    outfile: path.join(root, 'dist/module.js'),
    bundle: true,
    write: false,
    metafile: true,
    minify: true,
    sourcemap: 'external',
    sourcesContent: true,
    target: 'es2021',
    format: 'cjs',
    platform: 'browser',
    jsx: 'automatic',
    alias: { 'react/jsx-runtime': './build/jsxRuntime.mjs' },
    external: externals,
    define: { 'process.env.NODE_ENV': '"production"' },
    legalComments: 'none',
    logLevel: 'warning',
  });
  const [output] = Object.entries(result.metafile.outputs)
    .filter(([name]) => name.endsWith('module.js'))
    .map(([, o]) => o);
  const dependencies = [...new Set(output.imports.filter((i) => i.external).map((i) => i.path))].sort();
  const text = (suffix) => result.outputFiles.find((f) => f.path.endsWith(suffix)).text;

  const map = JSON.parse(text('module.js.map'));
  // The wrapper's first line moves everything down by one.
  map.mappings = ';' + map.mappings;
  return { code: wrap(text('module.js'), dependencies), map: JSON.stringify(map), dependencies };
}

function wrap(commonJS, dependencies) {
  const names = JSON.stringify(dependencies);
  return [
    `define(${names}, function () { var given = arguments, names = ${names}, module = { exports: {} }, exports = module.exports; function require(name) { return given[names.indexOf(name)]; }`,
    commonJS.trimEnd(),
    'return module.exports; });',
    '//# sourceMappingURL=module.js.map',
    '',
  ].join('\n');
}
