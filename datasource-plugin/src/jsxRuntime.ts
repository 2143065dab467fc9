/**
 * Stands in for react/jsx-runtime in module.js.
 *
 * React's own one belongs to one version of React and reads its internals: built
 * into a plugin, it breaks the plugin under another version. This one knows nothing
 * but createElement, so that one module.js runs under React 18 and React 19, and in
 * versions of Grafana that do not give react/jsx-runtime to plugins.
 */
import { createElement, Fragment, type ElementType, type Key, type ReactElement, type ReactNode } from 'react';

export { Fragment };

interface Props {
  children?: ReactNode;
  [name: string]: unknown;
}

export function jsx(type: ElementType, props: Props, key?: Key): ReactElement {
  const { children, ...rest } = props;
  if (key !== undefined) {
    rest.key = key;
  }
  return children === undefined ? createElement(type, rest) : createElement(type, rest, children);
}

/** As jsx, for children that are written out, and so need no keys. */
export function jsxs(type: ElementType, props: Props & { children: ReactNode[] }, key?: Key): ReactElement {
  const { children, ...rest } = props;
  return createElement(type, key === undefined ? rest : { ...rest, key }, ...children);
}
