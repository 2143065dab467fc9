import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';

import { lookUp } from './repos.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const modules = path.join(root, 'node_modules');

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

/** Grafana's names of the fonts, and the files that stand for them. */
const FONTS = {
  'Inter-Regular': 'inter-latin-400-normal',
  'Inter-Medium': 'inter-latin-500-normal',
  'Inter-Italic': 'inter-latin-400-italic',
  'Inter-MediumItalic': 'inter-latin-500-italic',
};

/**
 * Bundles the page, which has Grafana's own components in it, and serves it with the plugin's
 * dist/module.js on a free port of this machine. Look-ups are answered from repos.mjs.
 *
 * @returns {Promise<{url: string, requests: string[], close: () => Promise<void>}>}
 *          requests has the path and parameters of each request for a resource
 */
export async function serve() {
  await esbuild.build({
    absWorkingDir: root,
    entryPoints: ['harness/page.tsx'],
    outfile: 'harness/out/page.js',
    bundle: true,
    format: 'iife',
    target: 'es2021',
    jsx: 'automatic',
    loader: { '.svg': 'dataurl', '.woff2': 'dataurl', '.ttf': 'dataurl' },
    define: { 'process.env.NODE_ENV': '"development"', global: 'window' },
    logLevel: 'error',
  });
  const requests = [];
  const server = createServer((request, response) => {
    answer(new URL(request.url, 'http://localhost'), requests)
      .then(({ status = 200, type, body }) => {
        response.writeHead(status, { 'Content-Type': type });
        response.end(body);
      })
      .catch((error) => {
        response.writeHead(404, { 'Content-Type': 'text/plain' });
        response.end(error.message);
      });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    requests,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

async function answer(url, requests) {
  const resource = /^\/api\/datasources\/uid\/[^/]+\/resources\/(.*)$/.exec(url.pathname);
  if (resource) {
    requests.push(`${resource[1]}?${url.searchParams}`);
    const found = lookUp(resource[1], url.searchParams);
    return found
      ? { type: 'application/json', body: JSON.stringify(found) }
      : { status: 404, type: 'application/json', body: '{"error":"no such resource"}' };
  }
  const file = fileOf(url.pathname);
  return { type: TYPES[path.extname(file)] ?? 'application/octet-stream', body: await readFile(file) };
}

/** The file that a path stands for. */
function fileOf(pathname) {
  const icon = /^\/public\/build\/img\/icons\/(\w+\/[\w-]+\.svg)$/.exec(pathname);
  if (icon) {
    // The package has no picture for this one, which Grafana itself has.
    const name = icon[1].replace('/spinner.svg', '/sync.svg');
    return path.join(modules, '@grafana/ui/dist/public/img/icons', name);
  }
  const font = /^\/public\/fonts\/inter\/([\w-]+)\.woff2$/.exec(pathname);
  if (font) {
    return path.join(modules, '@fontsource/inter/files', `${FONTS[font[1]]}.woff2`);
  }
  if (pathname === '/plugin/module.js') {
    return path.join(root, 'dist/module.js');
  }
  if (pathname === '/page.js') {
    return path.join(root, 'harness/out/page.js');
  }
  if (pathname === '/favicon.ico') {
    return path.join(root, 'src/img/logo.svg');
  }
  if (pathname === '/') {
    return path.join(root, 'harness/page.html');
  }
  throw new Error(`nothing at ${pathname}`);
}
