import { EditorField } from '@grafana/plugin-ui';
import { Input } from '@grafana/ui';
import { useState } from 'react';

import type { Num } from '../query/model';
import { hasVariable } from '../query/variables';
import { useFieldId } from './useFieldId';

interface Props {
  name: string;
  label: string;
  tooltip?: string;
  placeholder?: string;
  value: string;
  width?: number;
  /** Says what is wrong with a text; nothing of it is stored then. */
  check?: (text: string) => string | undefined;
  onCommit: (text: string) => void;
}

/** A text that counts once the field is left, or with Enter. */
export function TextField({ name, label, tooltip, placeholder, value, width = 20, check, onCommit }: Props) {
  const id = useFieldId(name);
  // What was typed, and the value it was typed over: a value that comes from elsewhere wins.
  const [typed, setTyped] = useState({ text: value, over: value });
  const text = typed.over === value ? typed.text : value;
  const error = check?.(text.trim());
  const commit = () => {
    const trimmed = text.trim();
    if (!error && trimmed !== value) {
      onCommit(trimmed);
    }
  };
  return (
    <EditorField label={label} htmlFor={id} tooltip={tooltip} invalid={!!error} error={error}>
      <Input
        id={id}
        width={width}
        placeholder={placeholder}
        value={text}
        onChange={(event) => setTyped({ text: event.currentTarget.value, over: value })}
        onBlur={commit}
        onKeyDown={(event) => {
          if (event.key === 'Enter') {
            commit();
          }
        }}
      />
    </EditorField>
  );
}

interface NumberProps {
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
export function NumberField({ name, label, tooltip, value, least, most, def, onChange }: NumberProps) {
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
