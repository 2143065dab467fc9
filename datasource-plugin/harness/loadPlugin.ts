import * as emotion from '@emotion/css';
import * as data from '@grafana/data';
import * as runtime from '@grafana/runtime';
import * as ui from '@grafana/ui';
import lodash from 'lodash';
import * as react from 'react';
import * as rxjs from 'rxjs';

const given: Record<string, unknown> = {
  '@emotion/css': emotion,
  '@grafana/data': data,
  '@grafana/runtime': runtime,
  '@grafana/ui': ui,
  lodash,
  react,
  rxjs,
};

/** Loads the built module.js the way Grafana does: as an AMD module that is given what it names. */
export async function loadPlugin(): Promise<data.DataSourcePlugin<any, any, any, any>> {
  const code = await (await fetch('/plugin/module.js')).text();
  let exported: { plugin: data.DataSourcePlugin<any, any, any, any> } | undefined;
  const define = (names: string[], factory: (...modules: unknown[]) => typeof exported) => {
    const missing = names.filter((name) => !(name in given));
    if (missing.length > 0) {
      throw new Error(`module.js asks for ${missing.join(', ')}`);
    }
    exported = factory(...names.map((name) => given[name]));
  };
  new Function('define', code)(define);
  if (!exported) {
    throw new Error('module.js defines nothing');
  }
  return exported.plugin;
}
