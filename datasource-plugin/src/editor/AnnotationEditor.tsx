import type { AnnotationQuery, QueryEditorProps } from '@grafana/data';

import type { DataSource } from '../datasource';
import { ANNOTATION_QUERY } from '../query/defaults';
import type { AnalyticsQuery } from '../query/types';
import { Fields } from './Fields';
import { ANNOTATION_TYPE_OPTIONS } from './options';

type Props = QueryEditorProps<DataSource, AnalyticsQuery> & {
  annotation?: AnnotationQuery<AnalyticsQuery>;
};

/** The editor of an annotation's query. */
export function AnnotationEditor(props: Props) {
  const query = props.query?.queryType ? props.query : { ...props.query, ...ANNOTATION_QUERY };
  return <Fields {...props} query={query} types={ANNOTATION_TYPE_OPTIONS} />;
}
