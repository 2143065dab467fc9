import { DataSourcePlugin } from '@grafana/data';

import { ConfigEditor } from './config/ConfigEditor';
import { DataSource } from './datasource';
import { QueryEditor } from './editor/QueryEditor';
import type { AnalyticsOptions, AnalyticsQuery, AnalyticsSecrets } from './query/types';

export const plugin = new DataSourcePlugin<DataSource, AnalyticsQuery, AnalyticsOptions, AnalyticsSecrets>(DataSource)
  .setConfigEditor(ConfigEditor)
  .setQueryEditor(QueryEditor);
