import type { QueryEditorProps } from '@grafana/data';
import { EditorField, EditorRow, EditorRows } from '@grafana/plugin-ui';
import { RadioButtonGroup } from '@grafana/ui';

import type { DataSource } from '../datasource';
import { VARIABLE_QUERY, withMembers, withValues } from '../query/defaults';
import type { AnalyticsQuery } from '../query/model';
import type { AnalyticsOptions } from '../config/settings';
import { DetailFields } from './DetailFields';
import { FilterFields } from './FilterFields';
import { VALUES_OPTIONS } from './options';
import { PeriodField } from './PeriodField';

type Props = QueryEditorProps<DataSource, AnalyticsQuery, AnalyticsOptions>;

/** The editor of a dashboard variable's query. */
export function VariableEditor({ datasource, query: stored, onChange, onRunQuery }: Props) {
  // A new variable has no query, or an empty text in its place.
  const query = stored && typeof stored === 'object' && stored.queryType ? stored : fresh(stored);
  const change = (next: AnalyticsQuery) => {
    onChange(next);
    onRunQuery?.();
  };
  const set = (members: Partial<AnalyticsQuery>) => change(withMembers(query, members));
  return (
    <EditorRows>
      <EditorRow>
        <EditorField label="Values">
          <RadioButtonGroup
            options={VALUES_OPTIONS.map(({ value, label }) => ({ value, label }))}
            value={query.values}
            onChange={(values) => change(withValues(query, values))}
          />
        </EditorField>
        {query.values === 'repo' && <PeriodField value={query.period} onChange={(period) => set({ period })} />}
        <DetailFields query={query} onChange={set} />
      </EditorRow>
      <EditorRow>
        <FilterFields datasource={datasource} query={query} onChange={set} />
      </EditorRow>
    </EditorRows>
  );
}

function fresh(stored?: AnalyticsQuery): AnalyticsQuery {
  return { refId: stored?.refId || 'variable', ...VARIABLE_QUERY };
}
