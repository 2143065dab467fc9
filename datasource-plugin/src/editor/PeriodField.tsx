import { EditorField } from '@grafana/plugin-ui';
import { Combobox } from '@grafana/ui';

import type { Period } from '../query/model';
import { PERIOD_OPTIONS } from './options';
import { useFieldId } from './useFieldId';

interface Props {
  value?: Period;
  onChange: (period: Period) => void;
}

/** The days that a query is about. */
export function PeriodField({ value, onChange }: Props) {
  const id = useFieldId('period');
  return (
    <EditorField label="Period" htmlFor={id} tooltip="Days are UTC days. A time range has the days whose noon lies within it.">
      <Combobox
        id={id}
        width={26}
        options={PERIOD_OPTIONS}
        value={value || 'time_range'}
        onChange={(option) => onChange(option.value)}
      />
    </EditorField>
  );
}
