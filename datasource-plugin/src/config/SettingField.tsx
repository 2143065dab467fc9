import { InlineField, Input } from '@grafana/ui';

interface Props {
  id: string;
  label: string;
  tooltip: string;
  placeholder: string;
  value: string | number | undefined;
  /** What is wrong with the value. */
  error?: string;
  required?: boolean;
  number?: boolean;
  disabled?: boolean;
  onChange: (text: string) => void;
}

export const LABEL_WIDTH = 24;
export const FIELD_WIDTH = 40;

/** A setting that is a text or a number. */
export function SettingField({ id, label, tooltip, placeholder, value, error, required, number, disabled, onChange }: Props) {
  return (
    <InlineField
      label={label}
      labelWidth={LABEL_WIDTH}
      htmlFor={id}
      tooltip={tooltip}
      required={required}
      disabled={disabled}
      invalid={!!error}
      error={error}
      interactive
    >
      <Input
        id={id}
        width={FIELD_WIDTH}
        type={number ? 'number' : 'text'}
        min={number ? 1 : undefined}
        placeholder={placeholder}
        value={value ?? ''}
        onChange={(event) => onChange(event.currentTarget.value.trim())}
      />
    </InlineField>
  );
}

/** The number in a field, or nothing if it is empty. */
export function numberOf(text: string): number | undefined {
  return text === '' ? undefined : Number(text);
}
