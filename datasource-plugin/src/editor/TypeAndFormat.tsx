import { EditorField } from '@grafana/plugin-ui';
import { Combobox, RadioButtonGroup, type ComboboxOption } from '@grafana/ui';

import { withFormat, withType } from '../query/defaults';
import { formatOf, formatsOf, typeOf, type AnalyticsQuery, type QueryType } from '../query/model';
import { FORMAT_LABELS } from './options';
import { useFieldId } from './useFieldId';

interface Props {
  query: AnalyticsQuery;
  types: Array<ComboboxOption<QueryType>>;
  onChange: (query: AnalyticsQuery) => void;
}

/** What a query shows, and as what. */
export function TypeAndFormat({ query, types, onChange }: Props) {
  const id = useFieldId('type');
  const formats = formatsOf(typeOf(query));
  return (
    <>
      <EditorField label="Show" htmlFor={id}>
        <Combobox
          id={id}
          width={24}
          options={types}
          value={typeOf(query)}
          onChange={({ value }) => onChange(withType(query, value))}
        />
      </EditorField>
      {formats.length > 1 && (
        <EditorField label="Format">
          <RadioButtonGroup
            options={formats.map((value) => ({ value, label: FORMAT_LABELS[value] }))}
            value={formatOf(query)}
            onChange={(format) => onChange(withFormat(query, format))}
          />
        </EditorField>
      )}
    </>
  );
}
