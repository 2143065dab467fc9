import { describe, expect, it } from 'vitest';

import { interpolate } from '../src/query/interpolate';
import type { AnalyticsQuery } from '../src/query/model';
import { fakeTemplates } from './fakeTemplates';

const VARIABLES = fakeTemplates({
  one: { current: 'acme-ai' },
  several: { current: ['acme-ai', 'birch-labs'] },
  both: { current: ['model', 'dataset'] },
  all: { current: ['$__all'], value: ['acme-ai', 'birch-labs', 'northwind'] },
  allSingle: { current: '$__all', value: ['acme-ai', 'birch-labs'] },
  allBare: { current: '$__all' },
  customAll: { current: ['$__all'], customAll: '$__all' },
  empty: { current: '' },
  none: { current: [] },
  number: { current: '25' },
});

describe('dashboard variables', () => {
  const f = (name: string, query: Partial<AnalyticsQuery>, want: Partial<AnalyticsQuery>, scoped = {}) =>
    it(name, () => {
      const before = JSON.stringify(query);
      expect(interpolate({ refId: 'A', ...query }, VARIABLES, scoped)).toEqual({ refId: 'A', ...want });
      expect(JSON.stringify(query)).toBe(before);
    });

  f('a query without variables stays', { orgs: ['', 'a'], limit: 5, search: 'x' }, { orgs: ['', 'a'], limit: 5, search: 'x' });
  f('one value', { orgs: ['$one'] }, { orgs: ['acme-ai'] });
  f('with braces', { orgs: ['${one}'] }, { orgs: ['acme-ai'] });
  f('with brackets', { orgs: ['[[one]]'] }, { orgs: ['acme-ai'] });
  f('with a format, which a list has no use for', { orgs: ['${several:csv}'] }, { orgs: ['acme-ai', 'birch-labs'] });
  f('a scalar in the place of a list', { orgs: '$several' }, { orgs: ['acme-ai', 'birch-labs'] });
  f('several values beside others', { orgs: ['x', '$several', ''] }, { orgs: ['x', 'acme-ai', 'birch-labs', ''] });
  f('a value that comes twice counts once', { orgs: ['acme-ai', '$several'] }, { orgs: ['acme-ai', 'birch-labs'] });
  f('a variable within a name', { repos: ['$several/whisper'] }, { repos: ['acme-ai/whisper', 'birch-labs/whisper'] });
  f(
    'two variables in a name: each with each',
    { repos: ['${several}/my-${both}'] },
    { repos: ['acme-ai/my-model', 'acme-ai/my-dataset', 'birch-labs/my-model', 'birch-labs/my-dataset'] }
  );
  f('All selects all', { orgs: ['$all'] }, {});
  f('All beside others selects all', { orgs: ['x', '$all'] }, {});
  f('All of a variable with one value', { orgs: ['$allSingle'] }, {});
  f('All as the value itself', { orgs: ['$allBare'] }, {});
  f('All with a value of the author\'s', { orgs: ['$customAll'] }, {});
  f('All within a name selects all', { repos: ['$all/whisper'] }, {});
  f('All in a repeated panel is one value', { orgs: ['$all'] }, { orgs: ['northwind'] }, { all: { value: 'northwind' } });
  f('an empty variable is left out', { orgs: ['x', '$empty'] }, { orgs: ['x'] });
  f('a list of nothing but empty variables selects all', { orgs: ['$empty', '$none'] }, {});
  f('an empty item that is no variable stays', { orgs: [''] }, { orgs: [''] });
  f('an empty text box searches for nothing', { search: '$empty' }, {});
  f('All searches for nothing', { search: '$all' }, {});
  f('a text around a variable', { search: '$one/' }, { search: 'acme-ai/' });
  f('a number becomes digits', { limit: '$number' }, { limit: '25' });
  f('an empty number is the default', { limit: '$empty' }, {});
  f('words', { period: '$word' as never }, { period: 'all_time' }, { word: { value: 'all_time' } });
  f('what no variable is stays, for the backend to name', { orgs: ['$unknown'] }, { orgs: ['$unknown'] });
  f("Grafana's own members stay", { hide: true, key: '$one' }, { hide: true, key: '$one' });
});
