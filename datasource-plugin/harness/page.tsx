/**
 * The editors of the built plugin, with Grafana's own components around them. The
 * parameters of the page: editor (config, query, variable, annotation), theme (dark,
 * light), and state, the JSON of what the editor begins with. What the editor made of
 * it is window.state.
 */
import { createTheme, dateTime, ThemeContext, type GrafanaTheme2 } from '@grafana/data';
import { config, setBackendSrv, setTemplateSrv } from '@grafana/runtime';
import { GlobalStyles, PortalContainer } from '@grafana/ui';
import { useEffect, useState, type ComponentType } from 'react';
import { createRoot } from 'react-dom/client';
import { from } from 'rxjs';

import { loadPlugin } from './loadPlugin';
import { templates } from './templates';

declare global {
  interface Window {
    state: unknown;
  }
}

const params = new URLSearchParams(location.search);
const editor = params.get('editor') ?? 'query';
const theme = createTheme({ colors: { mode: params.get('theme') === 'light' ? 'light' : 'dark' } });

setTemplateSrv(templates);
setBackendSrv({
  fetch: ({ url, params: asked }: { url: string; params?: Record<string, unknown> }) => from(get(url, asked)),
} as never);
config.theme2 = theme;

async function get(url: string, asked: Record<string, unknown> = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(asked)) {
    [value].flat().forEach((v) => query.append(name, String(v)));
  }
  const response = await fetch(`${url}?${query}`);
  return { data: await response.json() };
}

const RANGE = {
  from: dateTime('2026-03-01T00:00:00Z'),
  to: dateTime('2026-03-31T00:00:00Z'),
  raw: { from: 'now-30d', to: 'now' },
};

const NEW_SETTINGS = {
  id: 1,
  uid: 'uid-1',
  name: 'Downloads',
  url: '',
  jsonData: {},
  secureJsonFields: {},
  secureJsonData: {},
  readOnly: false,
};

function Editor({ plugin }: { plugin: Awaited<ReturnType<typeof loadPlugin>> }) {
  const [datasource] = useState(() => new plugin.DataSourceClass({ ...NEW_SETTINGS, type: 'x', meta: {} } as never));
  const [state, setState] = useState<unknown>(() => JSON.parse(params.get('state') ?? 'null') ?? initial(datasource));
  useEffect(() => {
    window.state = state;
  }, [state]);
  if (editor === 'config') {
    const Config = plugin.components.ConfigEditor as unknown as ComponentType<Record<string, unknown>>;
    return <Config options={state} onOptionsChange={setState} />;
  }
  const Query = editorOf(plugin, datasource) as ComponentType<Record<string, unknown>>;
  return <Query datasource={datasource} query={state} onChange={setState} onRunQuery={() => undefined} range={RANGE} />;
}

function initial(datasource: any) {
  switch (editor) {
    case 'config':
      return NEW_SETTINGS;
    case 'variable':
      return { refId: 'variable', ...datasource.variables.getDefaultQuery() };
    case 'annotation':
      return { refId: 'Anno', ...datasource.annotations.getDefaultQuery() };
    default:
      return { refId: 'A', ...datasource.getDefaultQuery() };
  }
}

function editorOf(plugin: any, datasource: any) {
  switch (editor) {
    case 'variable':
      return datasource.variables.editor;
    case 'annotation':
      return datasource.annotations.QueryEditor;
    default:
      return plugin.components.QueryEditor;
  }
}

function Page({ plugin, theme }: { plugin: Awaited<ReturnType<typeof loadPlugin>>; theme: GrafanaTheme2 }) {
  const padding = editor === 'config' ? 32 : 16;
  return (
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <div id="editor" style={{ padding, background: theme.colors.background.primary }}>
        <Editor plugin={plugin} />
      </div>
      <PortalContainer />
    </ThemeContext.Provider>
  );
}

loadPlugin().then(
  (plugin) => createRoot(document.getElementById('page')!).render(<Page plugin={plugin} theme={theme} />),
  (error) => {
    document.body.textContent = String(error);
  }
);
