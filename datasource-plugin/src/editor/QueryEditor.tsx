import type { AnnotationQuery, QueryEditorProps } from '@grafana/data';
import { EditorRow, EditorRows, FlexItem } from '@grafana/plugin-ui';
import type { ComboboxOption } from '@grafana/ui';

import type { AnalyticsOptions } from '../config/settings';
import type { DataSource } from '../datasource';
import { ANNOTATION_QUERY, withMembers } from '../query/defaults';
import { formatOf, membersOf, TYPES, typeOf, type AnalyticsQuery, type Member, type QueryType } from '../query/model';
import { DetailFields } from './DetailFields';
import { ExportLink } from './ExportLink';
import { FilterFields } from './FilterFields';
import { ANNOTATION_TYPE_OPTIONS, TYPE_OPTIONS } from './options';
import { PeriodField } from './PeriodField';
import { TypeAndFormat } from './TypeAndFormat';

/** The editor of a panel's query, also in Explore and in alert rules. */
export function QueryEditor(props: QueryEditorProps<DataSource, AnalyticsQuery, AnalyticsOptions>) {
  return <Fields {...props} types={TYPE_OPTIONS} withExport />;
}

type AnnotationProps = QueryEditorProps<DataSource, AnalyticsQuery> & {
  annotation?: AnnotationQuery<AnalyticsQuery>;
};

/** The editor of an annotation's query. */
export function AnnotationEditor(props: AnnotationProps) {
  const query = props.query?.queryType ? props.query : { ...props.query, ...ANNOTATION_QUERY };
  return <Fields {...props} query={query} types={ANNOTATION_TYPE_OPTIONS} />;
}

type FieldsProps = QueryEditorProps<DataSource, AnalyticsQuery> & {
  types: Array<ComboboxOption<QueryType>>;
  withExport?: boolean;
};

/**
 * The fields of a query: what is shown, of which repositories and days, and in what
 * order. What is wrong with a query is the backend's to say.
 */
function Fields({ datasource, query, onChange, onRunQuery, range, types, withExport }: FieldsProps) {
  const change = (next: AnalyticsQuery) => {
    onChange(next);
    onRunQuery();
  };
  const set = (members: Partial<AnalyticsQuery>) => change(withMembers(query, members));
  const type = typeOf(query);
  const members: Member[] = membersOf(type, formatOf(query), query.values);
  return (
    <EditorRows>
      <EditorRow>
        <TypeAndFormat query={query} types={types} onChange={change} />
        {!TYPES[type]?.events && <PeriodField value={query.period} onChange={(period) => set({ period })} />}
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
    </EditorRows>
  );
}

const DETAILS: Member[] = ['groupBy', 'interval', 'sort', 'order', 'least', 'limit'];
