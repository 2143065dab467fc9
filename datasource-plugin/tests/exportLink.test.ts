import { dateTime } from '@grafana/data';
import { describe, expect, it } from 'vitest';

import { exportHref } from '../src/exportLink';
import type { AnalyticsQuery } from '../src/query/model';

const BASE = '/api/datasources/uid/analytics/resources/export.csv';
const RANGE = { from: dateTime(1_767_225_600_000), to: dateTime(1_769_904_000_000), raw: { from: 'now-30d', to: 'now' } };
const FROM_TO = 'from=1767225600000&to=1769904000000';

describe('the CSV link', () => {
  const f = (name: string, query: Partial<AnalyticsQuery>, want: string, range: typeof RANGE | undefined = RANGE) =>
    it(name, () => {
      expect(exportHref({ appSubUrl: '', uid: 'analytics', query: { refId: 'A', ...query }, range })).toBe(BASE + want);
    });

  f('has the days of the panel', {}, `?${FROM_TO}`);
  f('has another period in their place', { period: 'last_month' }, '?period=last_month');
  f('all time', { period: 'all_time' }, '?period=all_time');
  f(
    'has the selection',
    { repoTypes: ['model', 'dataset'], orgs: 'acme-ai', repos: ['acme-ai/a b'], groups: ['g'], search: 'x&y=1' },
    `?repo_type=model&repo_type=dataset&org=acme-ai&repo=acme-ai%2Fa+b&group=g&search=x%26y%3D1&${FROM_TO}`
  );
  f('tells legacy repositories from all', { orgs: [''] }, `?org=&${FROM_TO}`);
  f('selects all where nothing is chosen', { orgs: [], repos: '' }, `?${FROM_TO}`);
  f('escapes what separates items', { repos: ['a,b\\c'] }, `?repo=a%5C%2Cb%5C%5Cc&${FROM_TO}`);
  f('has the order of an export', { queryType: 'export', order: 'repo' }, `?${FROM_TO}&order=repo`);
  f('has no order of a table', { queryType: 'repos', order: 'asc' }, `?${FROM_TO}`);
  f('has no limit', { queryType: 'export', limit: 10 }, `?${FROM_TO}`);

  it('without a range has all days', () => {
    expect(exportHref({ appSubUrl: '', uid: 'analytics', query: { refId: 'A' } })).toBe(BASE);
  });

  it('lies below the path that Grafana is served from, and quotes the uid', () => {
    expect(exportHref({ appSubUrl: '/grafana', uid: 'a/b', query: { refId: 'A' } })).toBe(
      '/grafana/api/datasources/uid/a%2Fb/resources/export.csv'
    );
  });
});
