import { describe, expect, it } from 'vitest';

import {
  ALERT_QUERY,
  ANNOTATION_QUERY,
  EXPLORE_QUERY,
  PANEL_QUERY,
  STARTERS,
  VARIABLE_QUERY,
  withFormat,
  withMembers,
  withType,
  withValues,
} from '../src/query/defaults';
import { formatsOf, MEMBERS, membersOf, QUERY_TYPES, type AnalyticsQuery } from '../src/query/model';
import { decode } from './decode';

describe('new queries', () => {
  const f = (name: string, query: Partial<AnalyticsQuery>) =>
    it(`of ${name} are accepted`, () => {
      expect(decode({ refId: 'A', ...query })).toBeTruthy();
    });
  f('panels', PANEL_QUERY);
  f('alert rules', ALERT_QUERY);
  f('annotations', ANNOTATION_QUERY);
  f('variables', VARIABLE_QUERY);
  f('Explore', EXPLORE_QUERY);
  STARTERS.forEach(({ title, query }) => f(title, query));
});

describe('switching the type', () => {
  const full: AnalyticsQuery = {
    refId: 'A',
    hide: true,
    version: 1,
    queryType: 'repos',
    format: 'time_series',
    orgs: ['acme-ai'],
    search: 'bert',
    period: 'all_time',
    sort: 'removed',
    order: 'asc',
    interval: 'week',
    limit: 400,
  };

  it('keeps the selection and what the new type has', () => {
    expect(withType(full, 'overview')).toEqual({
      refId: 'A',
      hide: true,
      version: 1,
      queryType: 'overview',
      format: 'time_series',
      orgs: ['acme-ai'],
      search: 'bert',
      period: 'all_time',
      interval: 'week',
    });
  });

  it('drops a grouping and an overlay that the new type does not have', () => {
    const query: AnalyticsQuery = { refId: 'A', queryType: 'forecast', groupBy: 'repo' };
    expect(withType(query, 'overview')).toEqual({ refId: 'A', queryType: 'overview' });
    expect(withType({ refId: 'A', overlay: 'previous_year', groupBy: 'org' }, 'highlights')).toEqual({ refId: 'A', queryType: 'highlights', groupBy: 'org' });
  });

  it('drops what means something else there', () => {
    expect(withType(full, 'export')).toEqual({
      refId: 'A',
      hide: true,
      version: 1,
      queryType: 'export',
      orgs: ['acme-ai'],
      search: 'bert',
      period: 'all_time',
    });
  });

  it('drops a period that annotations do not have', () => {
    expect(withType(full, 'milestones').period).toBeUndefined();
  });

  it('to itself changes nothing', () => {
    expect(withType(full, 'repos')).toBe(full);
  });

  it('always makes a query that is accepted', () => {
    for (const from of QUERY_TYPES) {
      for (const format of formatsOf(from)) {
        const start = fullQuery(from, format);
        expect(() => decode(start)).not.toThrow();
        for (const to of QUERY_TYPES.filter((t) => t !== 'variable')) {
          expect(() => decode(withType(start, to)), `${from} ${format} to ${to}`).not.toThrow();
        }
      }
    }
  });
});

describe('switching the format', () => {
  it('drops what belongs to the other', () => {
    const table: AnalyticsQuery = { refId: 'A', queryType: 'repos', limit: 5000, offset: 10, trend: 7, sort: 'total' };
    expect(withFormat(table, 'time_series')).toEqual({ refId: 'A', queryType: 'repos', format: 'time_series', sort: 'total' });
  });

  it('always makes a query that is accepted', () => {
    for (const type of ['overview', 'repos'] as const) {
      const [a, b] = formatsOf(type);
      expect(() => decode(withFormat(fullQuery(type, a), b))).not.toThrow();
      expect(() => decode(withFormat(fullQuery(type, b), a))).not.toThrow();
    }
  });
});

describe('switching what a variable lists', () => {
  it('drops the order, which only repositories have', () => {
    const query: AnalyticsQuery = { refId: 'v', queryType: 'variable', values: 'repo', sort: 'name', orgs: ['a'] };
    expect(withValues(query, 'org')).toEqual({ refId: 'v', queryType: 'variable', values: 'org', orgs: ['a'] });
  });
});

describe('setting members', () => {
  it('removes those without a value, and keeps 0', () => {
    const query: AnalyticsQuery = { refId: 'A', queryType: 'repos', search: 'x', orgs: ['a'], limit: 3 };
    expect(withMembers(query, { search: '', orgs: [], limit: undefined, trend: 0 })).toEqual({
      refId: 'A',
      queryType: 'repos',
      trend: 0,
    });
  });
});

/** A query with every member that its type and format have. */
function fullQuery(queryType: (typeof QUERY_TYPES)[number], format: ReturnType<typeof formatsOf>[number]): AnalyticsQuery {
  const values = queryType === 'variable' ? 'repo' : undefined;
  const all: AnalyticsQuery = {
    refId: 'A',
    version: 1,
    queryType,
    format,
    repoTypes: ['model'],
    orgs: ['acme-ai'],
    repos: ['acme-ai/whisper'],
    search: 'bert',
    period: queryType === 'milestones' || queryType === 'corrections' ? 'time_range' : 'last_month',
    groupBy: 'org',
    interval: 'month',
    sort: 'change',
    order: queryType === 'export' ? 'repo' : 'asc',
    limit: 500,
    offset: 20,
    trend: 12,
    least: 10_000,
    value: queryType === 'corrections' ? 'removed' : 'rank',
    values,
  };
  const own = membersOf(queryType, format, values);
  for (const member of MEMBERS) {
    if (!own.includes(member)) {
      delete all[member];
    }
  }
  return all;
}
