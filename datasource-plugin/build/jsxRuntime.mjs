/**
 * Stands in for react/jsx-runtime in module.js.
 *
 * React's own one belongs to one version of React and reads its internals: built
 * into a plugin, it breaks the plugin under another version. This one knows nothing
 * but createElement, so that one module.js runs under React 18 and React 19, and in
 * versions of Grafana that do not give react/jsx-runtime to plugins.
 */
import { createElement, Fragment } from 'react';

export { Fragment };

export function jsx(type, props, key) {
  const { children, ...rest } = props;
  if (key !== undefined) {
    rest.key = key;
  }
  return children === undefined ? createElement(type, rest) : createElement(type, rest, children);
}

/** As jsx, for children that are written out, and so need no keys. */
export function jsxs(type, props, key) {
  const { children, ...rest } = props;
  if (key !== undefined) {
    rest.key = key;
  }
  return createElement(type, rest, ...children);
}
