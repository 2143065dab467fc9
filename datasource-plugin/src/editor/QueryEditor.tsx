import type { QueryEditorProps } from '@grafana/data';

import type { DataSource } from '../datasource';
import type { AnalyticsOptions, AnalyticsQuery } from '../query/types';
import { Fields } from './Fields';
import { TYPE_OPTIONS } from './options';

type Props = QueryEditorProps<DataSource, AnalyticsQuery, AnalyticsOptions>;

/** The editor of a panel's query, also in Explore and in alert rules. */
export function QueryEditor(props: Props) {
  return <Fields {...props} types={TYPE_OPTIONS} withExport />;
}
