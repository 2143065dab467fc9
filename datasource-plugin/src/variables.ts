import {
  CustomVariableSupport,
  type DataFrame,
  type DataQueryRequest,
  type DataQueryResponse,
  type MetricFindValue,
} from '@grafana/data';
import { map, of, type Observable } from 'rxjs';

import type { DataSource } from './datasource';
import { VariableEditor } from './editor/VariableEditor';
import { VARIABLE_QUERY } from './query/defaults';
import type { AnalyticsQuery } from './query/model';
import type { AnalyticsOptions } from './config/settings';

/** The periods of numbers, the default of dashboards first. */
const PERIODS: MetricFindValue[] = [
  { text: 'Last month', value: 'last_month' },
  { text: 'All recorded days', value: 'all_time' },
  { text: 'Time range', value: 'time_range' },
];

/**
 * Dashboard variables: their values are what a query of the type "variable" answers, or
 * what is known here.
 */
export class AnalyticsVariableSupport extends CustomVariableSupport<DataSource, AnalyticsQuery, AnalyticsQuery, AnalyticsOptions> {
  editor = VariableEditor;

  constructor(private readonly datasource: DataSource) {
    super();
  }

  override getDefaultQuery(): Partial<AnalyticsQuery> {
    return VARIABLE_QUERY;
  }

  override query(request: DataQueryRequest<AnalyticsQuery>): Observable<DataQueryResponse> {
    const known = request.targets.map((query) => this.known(query));
    if (known.every((values) => values !== undefined)) {
      return of({ data: known.flat() });
    }
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

  /** The values that no question to the backend is needed for. */
  private known({ values }: AnalyticsQuery): MetricFindValue[] | undefined {
    switch (values) {
      case 'source':
        return [{ text: this.datasource.name, value: this.datasource.uid }];
      case 'period':
        return PERIODS;
      default:
        return undefined;
    }
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
