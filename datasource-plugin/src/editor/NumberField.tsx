import type { Num } from '../query/types';
import { hasVariable } from '../query/variables';
import { TextField } from './TextField';

interface Props {
  name: string;
  label: string;
  tooltip?: string;
  value?: Num;
  least: number;
  most: number;
  def: number;
  onChange: (value: Num | undefined) => void;
}

/** A whole number, or a dashboard variable that is one. Empty is the default, which is shown in its place. */
export function NumberField({ name, label, tooltip, value, least, most, def, onChange }: Props) {
  const check = (text: string) => {
    if (text === '' || hasVariable(text)) {
      return undefined;
    }
    const ok = /^\d+$/.test(text) && Number(text) >= least && Number(text) <= most;
    return ok ? undefined : `A whole number from ${least.toLocaleString('en-US')} to ${most.toLocaleString('en-US')}`;
  };
  const commit = (text: string) => {
    if (text === '') {
      onChange(undefined);
    } else {
      onChange(hasVariable(text) ? text : Number(text));
    }
  };
  return (
    <TextField
      name={name}
      label={label}
      tooltip={tooltip}
      placeholder={def.toLocaleString('en-US')}
      width={14}
      value={value === undefined || value === null ? '' : String(value)}
      check={check}
      onCommit={commit}
    />
  );
}
