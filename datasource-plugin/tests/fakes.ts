import type { DataSourceInstanceSettings } from '@grafana/data';

import { DataSource } from '../src/datasource';
import type { AnalyticsOptions } from '../src/config/settings';
import { fakeTemplates, type FakeVariable } from './fakeTemplates';

/** A data source with the uid "analytics" on a dashboard with these variables. */
export function fakeDatasource(variables: Record<string, FakeVariable> = {}): DataSource {
  const settings = { id: 1, uid: 'analytics', name: 'Downloads', type: 'x', meta: {}, jsonData: {} };
  return new DataSource(settings as unknown as DataSourceInstanceSettings<AnalyticsOptions>, fakeTemplates(variables));
}
