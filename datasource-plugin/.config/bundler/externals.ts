/**
 * The modules that Grafana has and gives to plugins, in every version from 11.6.0
 * on. All else is built into module.js.
 *
 * react/jsx-runtime is not among them on purpose: Grafana gives it to plugins only
 * from 11.6.11, 12.0.10, 12.1.7, 12.2.5 and 12.3.0 on. See src/jsxRuntime.ts.
 */
export const externals = [
  '@emotion/css',
  '@emotion/react',
  '@grafana/data',
  '@grafana/runtime',
  '@grafana/ui',
  'lodash',
  'react',
  'react-dom',
  'rxjs',
  'rxjs/operators',
];
