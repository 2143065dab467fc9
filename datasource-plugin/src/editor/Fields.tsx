import type { QueryEditorProps } from '@grafana/data';
import { EditorRow, EditorRows, FlexItem } from '@grafana/plugin-ui';
import type { ComboboxOption } from '@grafana/ui';

import type { DataSource } from '../datasource';
import { withMembers } from '../query/defaults';
import { formatOf, membersOf, typeOf } from '../query/model';
import type { AnalyticsQuery, Member, QueryType } from '../query/types';
import { DetailFields } from './DetailFields';
import { ExportLink } from './ExportLink';
import { FilterFields } from './FilterFields';
import { PeriodField } from './PeriodField';
import { Problem } from './Problem';
import { TypeAndFormat } from './TypeAndFormat';
import { useMigrated } from './useMigrated';

type Props = QueryEditorProps<DataSource, AnalyticsQuery> & {
  types: Array<ComboboxOption<QueryType>>;
  withExport?: boolean;
};

/** The fields of a query: what is shown, of which repositories and days, and in what order. */
export function Fields({ datasource, query: stored, onChange, onRunQuery, range, types, withExport }: Props) {
  const { query, fault } = useMigrated(stored);
  const change = (next: AnalyticsQuery) => {
    onChange(next);
    onRunQuery();
  };
  const set = (members: Partial<AnalyticsQuery>) => change(withMembers(query, members));
  const type = typeOf(query);
  const members: Member[] = membersOf(type, formatOf(query), query.values);
  const hasPeriod = type !== 'milestones' && type !== 'corrections';
  return (
    <EditorRows>
      <EditorRow>
        <TypeAndFormat query={query} types={types} onChange={change} />
        {hasPeriod && <PeriodField value={query.period} onChange={(period) => set({ period })} />}
        {withExport && (
          <>
            <FlexItem grow={1} />
            <ExportLink href={datasource.exportHref(query, range)} />
          </>
        )}
      </EditorRow>
      <EditorRow>
        <FilterFields datasource={datasource} query={query} onChange={set} />
      </EditorRow>
      {members.some((m) => DETAILS.includes(m)) && (
        <EditorRow>
          <DetailFields query={query} onChange={set} />
        </EditorRow>
      )}
      <Problem datasource={datasource} query={query} fault={fault} onChange={change} />
    </EditorRows>
  );
}

const DETAILS: Member[] = ['groupBy', 'interval', 'sort', 'order', 'least', 'limit'];
