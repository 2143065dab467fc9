import { EditorField } from '@grafana/plugin-ui';
import { Combobox, InlineSwitch, RadioButtonGroup } from '@grafana/ui';

import { DEFAULT_TREND, formatOf, limitOf, MAX_OFFSET, MAX_TREND, membersOf, typeOf, valuesOf, type AnalyticsQuery } from '../query/model';
import { EVENT_OPTIONS, groupOptions, INTERVAL_OPTIONS, LEAST_OPTIONS, NUMBER_OPTIONS, OVERLAY_OPTIONS, VALUE_OPTIONS } from './options';
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
  const overlayId = useFieldId('overlay');
  const smoothId = useFieldId('smooth');
  const valueId = useFieldId('value');
  const type = typeOf(query);
  const format = formatOf(query);
  const members = membersOf(type, format, query.values);
  const limit = limitOf(type, format);
  const values = valuesOf(type, format);
  return (
    <>
      {members.includes('event') && (
        <EditorField label="Days">
          <RadioButtonGroup
            options={EVENT_OPTIONS.map(({ value, label, description }) => ({ value, label, description }))}
            value={query.event || 'record'}
            onChange={(event) => onChange({ event })}
          />
        </EditorField>
      )}
      {members.includes('groupBy') && (
        <EditorField label="Group by">
          <RadioButtonGroup
            options={groupOptions(type).map(({ value, label, description }) => ({ value, label, description }))}
            value={query.groupBy || 'repo_type'}
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
      {members.includes('overlay') && (
        <EditorField label="Compare with" htmlFor={overlayId} tooltip="Earlier days, drawn over those of the period as a dashed line.">
          <Combobox
            id={overlayId}
            width={22}
            isClearable
            placeholder="Nothing"
            options={OVERLAY_OPTIONS}
            value={query.overlay ?? null}
            onChange={(option) => onChange({ overlay: option?.value })}
          />
        </EditorField>
      )}
      {members.includes('smooth') && (
        <EditorField label="7-day mean" htmlFor={smoothId} tooltip="Drawn over series by day: the mean of the seven days that end with each day.">
          <InlineSwitch id={smoothId} value={query.smooth === '7d'} onChange={({ currentTarget }) => onChange({ smooth: currentTarget.checked ? '7d' : undefined })} />
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
      {values && (
        <EditorField
          label="Value"
          htmlFor={valueId}
          tooltip="One number for each group or repository, with labels, as alert rules and expressions need it. Empty for all numbers."
        >
          <Combobox
            id={valueId}
            width={26}
            isClearable
            placeholder="All numbers"
            options={VALUE_OPTIONS.filter((option) => values.includes(option.value))}
            value={query.value ?? null}
            onChange={(option) => onChange({ value: option?.value })}
          />
        </EditorField>
      )}
      <SortFields query={query} onChange={onChange} />
      {members.includes('least') && (
        <EditorField
          label="Smallest milestone"
          htmlFor={leastId}
          tooltip="Milestones are the powers of ten from here on: 1,000,000, 10,000,000, ... downloads of a repository. Empty: up to a hundredth of the total."
        >
          <Combobox
            id={leastId}
            width={20}
            options={LEAST_OPTIONS}
            isClearable
            placeholder="By the total"
            value={query.least ? Number(query.least) : null}
            onChange={(option) => onChange({ least: option?.value })}
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
      {members.includes('trend') && !query.value && (
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
