import { checkTimeout } from './settings';
import { numberOf, SettingField } from './SettingField';

interface Props {
  value?: number;
  placeholder: string;
  disabled?: boolean;
  onChange: (seconds: number | undefined) => void;
}

/** The longest wait for an answer, which differs between the connections. */
export function TimeoutField({ value, placeholder, disabled, onChange }: Props) {
  return (
    <SettingField
      id="connection-timeout"
      label="Timeout (seconds)"
      number
      disabled={disabled}
      tooltip="The longest wait for an answer to begin, and for each further piece of it. Long files may take longer as a whole."
      placeholder={placeholder}
      value={value}
      error={checkTimeout(value)}
      onChange={(text) => onChange(numberOf(text))}
    />
  );
}
