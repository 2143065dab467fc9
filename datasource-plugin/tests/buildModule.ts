import type { TestProject } from 'vitest/node';

import { bundle } from '../build/bundle.mjs';

declare module 'vitest' {
  export interface ProvidedContext {
    built: { code: string; map: string; dependencies: string[] };
  }
}

/** Bundles module.js once, for the tests of what is shipped. esbuild does not run in jsdom. */
export default async function setup(project: TestProject) {
  project.provide('built', await bundle());
}
