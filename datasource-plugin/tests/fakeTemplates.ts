import type { TemplateSrv } from '@grafana/runtime';

/** A dashboard variable: its value, and what Grafana gives a formatter for it. */
export interface FakeVariable {
  /** What is chosen, as the dashboard keeps it. */
  current: string | string[];
  /** What takes its place; current if absent. */
  value?: string | string[];
  /** The dashboard's author has set a value for All, which is put in unformatted. */
  customAll?: string;
}

/** Replaces $name, ${name}, ${name:format} and [[name]], as Grafana does it. */
export function fakeTemplates(variables: Record<string, FakeVariable>): TemplateSrv {
  return {
    getVariables: () => Object.entries(variables).map(([name, v]) => ({ name, current: { value: v.current } })),
    replace: (text = '', scopedVars: any = {}, format?: any) =>
      text.replace(/\$(\w+)|\$\{(\w+)(?::\w+)?\}|\[\[(\w+)\]\]/g, (match, a, b, c) => {
        const name = a ?? b ?? c;
        const variable = variables[name];
        if (!variable && !scopedVars?.[name]) {
          return match;
        }
        if (variable?.customAll !== undefined) {
          return variable.customAll;
        }
        const value = scopedVars?.[name]?.value ?? variable.value ?? variable.current;
        return typeof format === 'function' ? format(value, { name }) : String(value);
      }),
    containsTemplate: (text = '') => text.includes('$'),
    updateTimeRange: () => undefined,
  } as unknown as TemplateSrv;
}
