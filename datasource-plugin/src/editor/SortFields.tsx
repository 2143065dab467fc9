import { EditorField } from '@grafana/plugin-ui';
import { Combobox, RadioButtonGroup } from '@grafana/ui';

import { typeOf, type AnalyticsQuery } from '../query/model';
import { DIRECTION_OPTIONS, EXPORT_ORDER_OPTIONS, SORT_OPTIONS, VARIABLE_SORT_OPTIONS } from './options';
import { useFieldId } from './useFieldId';

interface Props {
  query: AnalyticsQuery;
  onChange: (members: Partial<AnalyticsQuery>) => void;
}

/** The order of repositories or of records, where there is one to choose. */
export function SortFields({ query, onChange }: Props) {
  const id = useFieldId('sort');
  const type = typeOf(query);
  if (type === 'export') {
    return (
      <EditorField label="Order by">
        <RadioButtonGroup
          options={EXPORT_ORDER_OPTIONS}
          value={query.order || 'time'}
          onChange={(order) => onChange({ order })}
        />
      </EditorField>
    );
  }
  const isVariable = type === 'variable' && query.values === 'repo';
  if (type !== 'repos' && !isVariable) {
    return null;
  }
  const sort = query.sort || 'downloads';
  return (
    <>
      <EditorField label="Sort by" htmlFor={id}>
        <Combobox
          id={id}
          width={20}
          options={isVariable ? VARIABLE_SORT_OPTIONS : SORT_OPTIONS}
          value={sort}
          // The usual direction of names is another one than that of numbers.
          onChange={({ value }) => onChange({ sort: value, order: undefined })}
        />
      </EditorField>
      {type === 'repos' && (
        <EditorField label="Direction">
          <RadioButtonGroup
            options={DIRECTION_OPTIONS}
            value={query.order && query.order !== 'auto' ? query.order : sort === 'name' ? 'asc' : 'desc'}
            onChange={(order) => onChange({ order })}
          />
        </EditorField>
      )}
    </>
  );
}
