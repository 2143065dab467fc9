import { EditorField } from '@grafana/plugin-ui';
import { Combobox, RadioButtonGroup } from '@grafana/ui';

import { DEFAULT_TREND, formatOf, LEAST_MILESTONE, limitOf, MAX_OFFSET, MAX_TREND, membersOf, typeOf, type AnalyticsQuery } from '../query/model';
import { GROUP_OPTIONS, INTERVAL_OPTIONS, LEAST_OPTIONS, NUMBER_OPTIONS } from './options';
import { SortFields } from './SortFields';
import { NumberField } from './TextField';
import { useFieldId } from './useFieldId';

interface Props {
  query: AnalyticsQuery;
  onChange: (members: Partial<AnalyticsQuery>) => void;
}

/** The grouping, order and size of an answer: those of them that the query's type and format have. */
export function DetailFields({ query, onChange }: Props) {
  const intervalId = useFieldId('interval');
  const leastId = useFieldId('least');
  const type = typeOf(query);
  const format = formatOf(query);
  const members = membersOf(type, format, query.values);
  const limit = limitOf(type, format);
  return (
    <>
      {members.includes('groupBy') && (
        <EditorField label="Group by">
          <RadioButtonGroup
            options={GROUP_OPTIONS.map(({ value, label, description }) => ({ value, label, description }))}
            value={query.groupBy || (format === 'time_series' ? 'none' : 'repo_type')}
            onChange={(groupBy) => onChange({ groupBy })}
          />
        </EditorField>
      )}
      {members.includes('interval') && (
        <EditorField label="Point every" htmlFor={intervalId} tooltip="What a point sums up.">
          <Combobox
            id={intervalId}
            width={16}
            options={INTERVAL_OPTIONS}
            value={query.interval || 'auto'}
            onChange={({ value }) => onChange({ interval: value })}
          />
        </EditorField>
      )}
      {members.includes('number') && (
        <EditorField label="Number">
          <RadioButtonGroup
            options={NUMBER_OPTIONS.map(({ value, label, description }) => ({ value, label, description }))}
            value={query.number || 'total'}
            onChange={(number) => onChange({ number })}
          />
        </EditorField>
      )}
      <SortFields query={query} onChange={onChange} />
      {members.includes('least') && (
        <EditorField
          label="Smallest milestone"
          htmlFor={leastId}
          tooltip="Milestones are the powers of ten from here on: 1,000,000, 10,000,000, ... downloads of a repository."
        >
          <Combobox
            id={leastId}
            width={20}
            options={LEAST_OPTIONS}
            value={Number(query.least || LEAST_MILESTONE)}
            onChange={({ value }) => onChange({ least: value })}
          />
        </EditorField>
      )}
      {limit && (
        <NumberField
          name="limit"
          label={limit.label}
          value={query.limit}
          least={1}
          most={limit.most}
          def={limit.def}
          onChange={(value) => onChange({ limit: value })}
        />
      )}
      {members.includes('offset') && (
        <NumberField
          name="offset"
          label="Skip"
          tooltip="How many rows to leave out, from the first one on."
          value={query.offset}
          least={0}
          most={MAX_OFFSET}
          def={0}
          onChange={(offset) => onChange({ offset })}
        />
      )}
      {members.includes('trend') && (
        <NumberField
          name="trend"
          label="Trend points"
          tooltip="The most points of each row's trend, for a sparkline cell; 0 for no such column."
          value={query.trend}
          least={0}
          most={MAX_TREND}
          def={DEFAULT_TREND}
          onChange={(trend) => onChange({ trend })}
        />
      )}
    </>
  );
}
