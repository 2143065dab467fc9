import { EditorField } from '@grafana/plugin-ui';
import { MultiCombobox, type ComboboxOption } from '@grafana/ui';

import { useFieldId } from './useFieldId';
import type { Item } from '../lookups';
import type { List } from '../query/model';

interface Props {
  name: string;
  label: string;
  tooltip: string;
  value?: List;
  /** The dashboard's variables, offered before what is found. */
  variables: string[];
  /** How the value '' is shown. */
  empty?: string;
  width?: number;
  find: (search: string) => Promise<Item[]>;
  onChange: (list: string[]) => void;
}

/** A list of names to pick from what the backend knows, dashboard variables, or what was typed. Empty selects all. */
export function PickField({ name, label, tooltip, value, variables, empty, width = 30, find, onChange }: Props) {
  const id = useFieldId(name);
  const picked = typeof value === 'string' ? [value].filter((item) => item !== '') : (value ?? []);
  const load = async (search: string): Promise<ComboboxOption[]> => {
    const lower = search.toLowerCase();
    const own = variables.filter((variable) => variable.toLowerCase().includes(lower));
    const found = await find(search);
    return [
      ...own.map((variable) => ({ value: variable, label: variable, description: 'Dashboard variable' })),
      ...found.map((item) => ({ value: item.value, label: item.text || item.value || empty })),
    ];
  };
  return (
    <EditorField label={label} htmlFor={id} tooltip={tooltip}>
      <MultiCombobox
        id={id}
        width={width}
        placeholder="All"
        isClearable
        createCustomValue
        options={load}
        value={picked.map((item) => ({ value: item, label: item === '' ? empty : item }))}
        onChange={(options) => onChange(options.map((option) => option.value))}
      />
    </EditorField>
  );
}
