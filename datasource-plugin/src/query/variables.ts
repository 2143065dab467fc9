import type { ScopedVars, TypedVariableModel } from '@grafana/data';

import { ALL } from './model';

/** Writes the value of a variable: a text, a list of them, or nothing. */
type Formatter = (value: unknown, variable?: { name?: string }) => string;

/** What is needed of Grafana to put values in the place of dashboard variables. */
export interface Variables {
  replace(target?: string, scopedVars?: ScopedVars, format?: string | Formatter): string;
  getVariables(): TypedVariableModel[];
}

/** Reports whether there is a dashboard variable in a text, in one of the three ways to write one. */
export function hasVariable(text: string): boolean {
  return /\$\w+|\$\{[^}]*\}|\[\[[^\]]*\]\]/.test(text);
}

/** What a text became: its values, or all of them. */
export interface Expanded {
  /** One value for a text without multi-value variables; none if a variable has none. */
  values: string[];
  /** The text has a variable in it that is set to "All". */
  all: boolean;
}

/**
 * Puts values in the place of the variables in a text: one text for each value of a
 * multi-value variable, and for each combination if there are several.
 */
export function expand(text: string, variables: Variables, scopedVars?: ScopedVars): Expanded {
  const found: string[][] = [];
  let all = false;
  const marked = variables.replace(text, scopedVars, (value, variable) => {
    all = all || isAll(value, variable?.name, variables);
    found.push(Array.isArray(value) ? value.map(String) : [value === undefined || value === null ? '' : String(value)]);
    return mark(found.length - 1);
  });
  if (all || marked === ALL) {
    return { values: [], all: true };
  }
  const values = found.reduce<string[]>(
    (texts, list, i) => texts.flatMap((t) => list.map((value) => t.split(mark(i)).join(value))),
    [marked]
  );
  return { values, all: false };
}

/** Stands for the value of the i-th variable of a text while the others are being read. */
const mark = (i: number) => `\u0000${i}\u0000`;

/**
 * Reports whether what a variable was replaced by is all that it has. Grafana hands
 * over the list of all values then, which may be long and may miss what came since.
 * In a repeated panel the variable is one of its values, and no list.
 */
function isAll(value: unknown, name: string | undefined, variables: Variables): boolean {
  if (value === ALL) {
    return true;
  }
  if (!Array.isArray(value)) {
    return false;
  }
  if (value.includes(ALL)) {
    return true;
  }
  const variable = variables.getVariables().find((v) => v.name === name);
  const current = variable && 'current' in variable ? (variable.current as { value?: unknown } | undefined)?.value : undefined;
  return current === ALL || (Array.isArray(current) && current.includes(ALL));
}
