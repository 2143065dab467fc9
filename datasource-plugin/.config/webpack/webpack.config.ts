/**
 * Builds dist/ as @grafana/create-plugin has plugins built: src/module.ts becomes
 * module.js, one AMD module that is given what Grafana has. The files below .config are
 * the plugin's own, and no update of create-plugin's knows them.
 */
import path from 'node:path';
import CopyPlugin from 'copy-webpack-plugin';
import { EsbuildPlugin } from 'esbuild-loader';
import type { Configuration } from 'webpack';

import { copied, plugin } from '../bundler/copied.ts';
import { externals } from '../bundler/externals.ts';

const root = path.join(import.meta.dirname, '../..');
const source = path.join(root, 'src');
const target = 'es2021';

export default function config({ production = false }: { production?: boolean }): Configuration {
  return {
    mode: production ? 'production' : 'development',
    target: ['web', target],
    context: source,
    entry: { module: './module.ts' },
    devtool: production ? 'source-map' : 'eval-source-map',
    externals,
    resolve: {
      extensions: ['.ts', '.tsx', '.js'],
      alias: { 'react/jsx-runtime$': path.join(source, 'jsxRuntime.ts') },
    },
    module: {
      rules: [{ test: /\.tsx?$/, loader: 'esbuild-loader', options: { target, jsx: 'automatic' } }],
    },
    optimization: { minimizer: [new EsbuildPlugin({ target, format: undefined, legalComments: 'none' })] },
    output: {
      path: path.join(root, 'dist'),
      // The backends and their manifest are built by Magefile.go.
      clean: { keep: /^(gpx_.*|go_plugin_build_manifest)$/ },
      library: { type: 'amd' },
      publicPath: `public/plugins/${plugin.id}/`,
      uniqueName: plugin.id,
    },
    plugins: [new CopyPlugin({ patterns: copied })],
    stats: 'errors-warnings',
    cache: { type: 'filesystem', buildDependencies: { config: [import.meta.filename] } },
  };
}
