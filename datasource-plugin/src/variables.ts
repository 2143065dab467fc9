import {
  CustomVariableSupport,
  type DataFrame,
  type DataQueryRequest,
  type DataQueryResponse,
  type MetricFindValue,
} from '@grafana/data';
import { map, type Observable } from 'rxjs';

import type { DataSource } from './datasource';
import { VariableEditor } from './editor/VariableEditor';
import { VARIABLE_QUERY } from './query/defaults';
import type { AnalyticsQuery } from './query/model';
import type { AnalyticsOptions } from './config/settings';

/** Dashboard variables: their values are what a query of the type "variable" answers. */
export class AnalyticsVariableSupport extends CustomVariableSupport<DataSource, AnalyticsQuery, AnalyticsQuery, AnalyticsOptions> {
  editor = VariableEditor;

  constructor(private readonly datasource: DataSource) {
    super();
  }

  override getDefaultQuery(): Partial<AnalyticsQuery> {
    return VARIABLE_QUERY;
  }

  override query(request: DataQueryRequest<AnalyticsQuery>): Observable<DataQueryResponse> {
    const targets = request.targets.map((query) => ({
      ...query,
      refId: query.refId || 'variable',
      queryType: 'variable' as const,
    }));
    // What was typed to search the values; without it, Grafana leaves the variable as it is.
    const scopedVars = { __searchFilter: { value: '', text: '' }, ...request.scopedVars };
    return this.datasource
      .query({ ...request, targets, scopedVars })
      .pipe(map((response) => ({ ...response, data: response.data.flatMap(toValues) })));
  }
}

/** The values in a frame with the fields text and value; none in a frame without fields. */
export function toValues(frame: DataFrame): MetricFindValue[] {
  const texts = frame.fields.find((field) => field.name === 'text');
  const values = frame.fields.find((field) => field.name === 'value');
  if (!texts || !values) {
    return [];
  }
  return Array.from(texts.values, (text, i) => ({ text: String(text), value: String(values.values[i]) }));
}
