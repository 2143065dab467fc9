import type { AnnotationQuery, AnnotationSupport } from '@grafana/data';

import { AnnotationEditor } from './editor/QueryEditor';
import { ANNOTATION_QUERY } from './query/defaults';
import type { AnalyticsQuery } from './query/model';

/**
 * Annotations are queries of the types milestones and corrections; their frames have
 * the fields that Grafana makes events of.
 */
export const annotationSupport: AnnotationSupport<AnalyticsQuery> = {
  QueryEditor: AnnotationEditor,
  getDefaultQuery: () => ANNOTATION_QUERY,
  prepareQuery: (annotation: AnnotationQuery<AnalyticsQuery>) => {
    const target = annotation.target ?? { refId: 'Anno' };
    return target.queryType ? target : { ...target, ...ANNOTATION_QUERY };
  },
};
