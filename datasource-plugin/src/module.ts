import { DataSourcePlugin } from '@grafana/data';

import { ConfigEditor } from './config/ConfigEditor';
import { DataSource } from './datasource';
import { CheatSheet } from './editor/CheatSheet';
import { QueryEditor } from './editor/QueryEditor';
import type { AnalyticsQuery } from './query/model';
import type { AnalyticsOptions, AnalyticsSecrets } from './config/settings';

export const plugin = new DataSourcePlugin<DataSource, AnalyticsQuery, AnalyticsOptions, AnalyticsSecrets>(DataSource)
  .setConfigEditor(ConfigEditor)
  .setQueryEditor(QueryEditor)
  .setQueryEditorHelp(CheatSheet);
