import { CoreApp, type AnnotationQuery, type QueryEditorProps } from '@grafana/data';
import { EditorRow, EditorRows, FlexItem } from '@grafana/plugin-ui';
import { Button, Stack, type ComboboxOption } from '@grafana/ui';
import { useEffect } from 'react';

import type { AnalyticsOptions } from '../config/settings';
import type { DataSource } from '../datasource';
import { ALERT_QUERY, ANNOTATION_QUERY, isNew, isStart, STARTERS, startWith, withMembers } from '../query/defaults';
import { formatOf, membersOf, periodOf, typeOf, type AnalyticsQuery, type Member, type QueryType } from '../query/model';
import { DetailFields } from './DetailFields';
import { ExportLink } from './ExportLink';
import { FilterFields } from './FilterFields';
import { ALERT_TYPE_OPTIONS, ANNOTATION_TYPE_OPTIONS, TYPE_OPTIONS } from './options';
import { PeriodField } from './PeriodField';
import { TypeAndFormat } from './TypeAndFormat';

/** The editor of a panel's query, also in Explore and in alert rules. */
export function QueryEditor(props: QueryEditorProps<DataSource, AnalyticsQuery, AnalyticsOptions>) {
  const { app, query, onChange, onRunQuery } = props;
  const alerting = app === CoreApp.UnifiedAlerting;
  const isNewRule = alerting && isNew(query);
  // The form of alert rules keeps what it is told, and not the default that it shows.
  useEffect(() => {
    if (isNewRule) {
      onChange({ ...query, ...ALERT_QUERY });
      onRunQuery();
    }
    // What is new is so once.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [isNewRule]);
  return (
    <Stack direction="column" gap={1}>
      {app === CoreApp.Explore && isStart(query) && (
        <Stack wrap="wrap" alignItems="center" gap={1}>
          <span>Start with</span>
          {STARTERS.slice(1).map((starter) => (
            <Button
              key={starter.title}
              variant="secondary"
              size="sm"
              tooltip={starter.description}
              onClick={() => {
                onChange(startWith(query, starter));
                onRunQuery();
              }}
            >
              {starter.title}
            </Button>
          ))}
        </Stack>
      )}
      <Fields {...props} types={alerting ? ALERT_TYPE_OPTIONS : TYPE_OPTIONS} withExport={!alerting} />
    </Stack>
  );
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
        {!periodOf(type, formatOf(query)) && <PeriodField value={query.period} onChange={(period) => set({ period })} />}
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

const DETAILS: Member[] = ['event', 'groupBy', 'interval', 'number', 'value', 'sort', 'order', 'least', 'limit'];
