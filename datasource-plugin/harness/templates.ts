import type { TemplateSrv } from '@grafana/runtime';

const VARIABLES: Record<string, string[]> = { organization: ['acme-ai'], repo_type: ['model', 'dataset'] };

/** Two dashboard variables; the second one has "All" chosen. */
export const templates = {
  getVariables: () => [
    { name: 'organization', current: { value: ['acme-ai'] } },
    { name: 'repo_type', current: { value: ['$__all'] } },
  ],
  replace: (text = '', _scoped?: unknown, format?: (value: unknown, variable: { name: string }) => string) =>
    text.replace(/\$\{?(\w+)\}?/g, (match, name: string) => {
      const value = VARIABLES[name];
      if (!value) {
        return match;
      }
      return typeof format === 'function' ? format(value, { name }) : value.join(',');
    }),
  containsTemplate: (text = '') => text.includes('$'),
  updateTimeRange: () => undefined,
} as unknown as TemplateSrv;
