import { CoreApp, createDataFrame, dateTime, FieldType, type DataQueryRequest, type DataQueryResponse } from '@grafana/data';
import { firstValueFrom, of } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';

import { AnalyticsVariableSupport, toValues } from '../src/variables';
import { PAGE } from '../src/lookups';
import { QUERY_TYPES, type AnalyticsQuery } from '../src/query/model';
import { decode } from './decode';
import { fakeDatasource } from './fakes';

describe('queries', () => {
  it('are sent with values in the place of variables', () => {
    const datasource = fakeDatasource({ org: { current: ['a', 'b'] } });
    const query: AnalyticsQuery = { refId: 'A', queryType: 'repos', orgs: ['$org'] };
    expect(datasource.applyTemplateVariables(query, {})).toEqual({ ...query, orgs: ['a', 'b'] });
    expect(datasource.interpolateVariablesInQueries([query], {})).toEqual([{ ...query, orgs: ['a', 'b'] }]);
  });

  it('are sent with the ad hoc filters of the dashboard', () => {
    const datasource = fakeDatasource();
    const query: AnalyticsQuery = { refId: 'A', queryType: 'repos', orgs: ['a', 'b', 'c'] };
    const sent = datasource.applyTemplateVariables(query, {}, [
      { key: 'org', operator: '=|', value: 'b', values: ['b', 'c'] },
      { key: 'repo_type', operator: '=', value: 'model' },
    ]);
    expect(sent).toMatchObject({ orgs: ['a', 'b', 'c'] });
    expect(decode(sent)).toMatchObject({ orgs: ['b', 'c'], repoTypes: ['model'] });
    expect(datasource.applyTemplateVariables(query, {}, [])).toEqual(query);
  });

  it('that are hidden or not filled in are not sent', () => {
    const datasource = fakeDatasource();
    expect(datasource.filterQuery({ refId: 'A' })).toBe(true);
    expect(datasource.filterQuery({ refId: 'A', hide: true })).toBe(false);
    expect(datasource.filterQuery({ refId: 'A', queryType: 'variable' })).toBe(false);
    expect(datasource.filterQuery({ refId: 'A', queryType: 'variable', values: 'org' })).toBe(true);
  });

  it('begin as a time series, with nothing that another type refuses', () => {
    const merged = { ...fakeDatasource().getDefaultQuery(CoreApp.PanelEditor), refId: 'A' };
    expect(decode(merged)).toMatchObject({ type: 'overview', format: 'time_series', groupBy: 'repo_type' });
    expect(decode(merged)).toEqual(decode({ refId: 'A' }));
    for (const queryType of QUERY_TYPES) {
      expect(() => decode({ ...merged, queryType }), queryType).not.toThrow();
    }
  });
});

describe('variables', () => {
  const frame = createDataFrame({
    fields: [
      { name: 'text', type: FieldType.string, values: ['(no organization)', 'acme-ai'] },
      { name: 'value', type: FieldType.string, values: ['', 'acme-ai'] },
    ],
  });

  const ask = async (response: DataQueryResponse) => {
    const datasource = fakeDatasource();
    const query = vi.spyOn(datasource, 'query').mockReturnValue(of(response));
    const targets = [{ values: 'org' } as AnalyticsQuery];
    const answer = await firstValueFrom(new AnalyticsVariableSupport(datasource).query({ targets } as DataQueryRequest<AnalyticsQuery>));
    return { answer, sent: query.mock.calls[0][0].targets };
  };

  it('ask the backend for a query of their type', async () => {
    const { sent } = await ask({ data: [frame] });
    expect(sent).toEqual([{ refId: 'variable', queryType: 'variable', values: 'org' }]);
  });

  it('that need no answer are not asked for', async () => {
    const datasource = fakeDatasource();
    const query = vi.spyOn(datasource, 'query');
    const valuesOf = async (values: AnalyticsQuery['values']) => {
      const request = { targets: [{ values } as AnalyticsQuery] } as DataQueryRequest<AnalyticsQuery>;
      const { data } = await firstValueFrom(new AnalyticsVariableSupport(datasource).query(request));
      return (data as unknown as Array<{ value: string }>).map(({ value }) => value);
    };
    expect(await valuesOf('period')).toEqual(['last_month', 'all_time', 'time_range']);
    expect(await valuesOf('source')).toEqual([datasource.uid]);
    expect(query).not.toHaveBeenCalled();
  });

  it('search for what is typed into their list', async () => {
    const asked = async (scopedVars: object) => {
      const datasource = fakeDatasource();
      const query = vi.spyOn(datasource, 'query').mockReturnValue(of({ data: [frame] }));
      const targets = [{ values: 'repo', search: '$__searchFilter' } as AnalyticsQuery];
      const request = { targets, scopedVars } as DataQueryRequest<AnalyticsQuery>;
      await firstValueFrom(new AnalyticsVariableSupport(datasource).query(request));
      return query.mock.calls[0][0].scopedVars.__searchFilter;
    };
    expect(await asked({})).toEqual({ value: '', text: '' });
    expect(await asked({ __searchFilter: { value: 'bert', text: 'bert' } })).toEqual({ value: 'bert', text: 'bert' });
  });

  it('have the values of the answer', async () => {
    const { answer } = await ask({ data: [frame] });
    expect(answer).toEqual({
      data: [
        { text: '(no organization)', value: '' },
        { text: 'acme-ai', value: 'acme-ai' },
      ],
    });
  });

  it('keep the error of an answer', async () => {
    const errors = [{ message: 'query field limit: expected a whole number' }];
    expect((await ask({ data: [], errors })).answer).toEqual({ data: [], errors });
  });

  it('have no values if the frame has no fields', () => {
    expect(toValues(createDataFrame({ fields: [] }))).toEqual([]);
  });
});

describe('annotations', () => {
  const { annotations } = fakeDatasource();

  it('are milestones unless told otherwise', () => {
    expect(annotations!.prepareQuery!({ name: 'x', enable: true, iconColor: 'red' })).toMatchObject({
      refId: 'Anno',
      queryType: 'milestones',
    });
  });

  it('are asked for as they were stored', () => {
    const target: AnalyticsQuery = { refId: 'Anno', queryType: 'corrections', orgs: ['a'] };
    expect(annotations!.prepareQuery!({ name: 'x', enable: true, iconColor: 'red', target })).toBe(target);
  });
});

describe('ad hoc filters', () => {
  it('have values of what the others select', async () => {
    const datasource = fakeDatasource();
    const items = [{ value: 'x', text: 'X' }];
    const get = vi.spyOn(datasource, 'getResource').mockResolvedValue({ items, matched: 1 });
    const keys = (await datasource.getTagKeys()).map(({ value }) => String(value));
    expect(keys).toEqual(['repo_type', 'org', 'repo', 'group']);
    const filters = [
      { key: 'org', operator: '=|', value: 'a', values: ['a', 'b'] },
      { key: 'repo_type', operator: '=', value: 'model' },
    ];
    for (const key of keys) {
      expect(await datasource.getTagValues({ key, filters })).toEqual(items);
    }
    expect(get.mock.calls).toEqual([
      ['repo-types', {}],
      ['organizations', { search: '' }],
      ['repos', { search: '', org: ['a', 'b'], repo_type: ['model'], group: [], limit: PAGE, offset: 0 }],
      ['groups', { search: '' }],
    ]);
  });
});

describe('look-ups', () => {
  it('ask for a page of what matches', async () => {
    const datasource = fakeDatasource();
    const get = vi.spyOn(datasource, 'getResource').mockResolvedValue({ items: [], matched: 0 });
    await datasource.lookups.repos('bert', { orgs: ['a', 'b'] });
    await datasource.lookups.organizations('a');
    await datasource.lookups.repoTypes();
    expect(get.mock.calls).toEqual([
      ['repos', { search: 'bert', org: ['a', 'b'], repo_type: [], group: [], limit: PAGE, offset: 0 }],
      ['organizations', { search: 'a' }],
      ['repo-types', {}],
    ]);
  });
});

describe('the CSV link', () => {
  it('has values in the place of variables', () => {
    const datasource = fakeDatasource({ org: { current: ['a', 'b'] } });
    const range = { from: dateTime(0), to: dateTime(1000), raw: { from: '', to: '' } };
    expect(datasource.exportHref({ refId: 'A', orgs: ['$org'] }, range)).toBe(
      '/api/datasources/uid/analytics/resources/export.csv?org=a&org=b&from=0&to=1000'
    );
  });
});
