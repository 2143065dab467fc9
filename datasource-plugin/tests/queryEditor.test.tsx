import { CoreApp, dateTime } from '@grafana/data';
import { fireEvent, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState, type ComponentType } from 'react';
import { describe, expect, it, vi } from 'vitest';

import { CheatSheet } from '../src/editor/CheatSheet';
import { AnnotationEditor, QueryEditor } from '../src/editor/QueryEditor';
import { VariableEditor } from '../src/editor/VariableEditor';
import type { AnalyticsQuery } from '../src/query/model';
import { decode } from './decode';
import { fakeDatasource } from './fakes';

const RANGE = { from: dateTime(0), to: dateTime(86_400_000), raw: { from: '', to: '' } };

/** Shows an editor that keeps what it is told, as Grafana does. */
function show(Editor: ComponentType<any>, query: Partial<AnalyticsQuery> | undefined, variables = {}, app?: CoreApp) {
  const datasource = fakeDatasource(variables);
  vi.spyOn(datasource, 'getResource').mockImplementation(async (path) => {
    const values = { 'repo-types': ['model', 'dataset'], organizations: ['', 'acme-ai'], repos: ['acme-ai/whisper'] }[path];
    return { items: values!.map((value) => ({ value, text: value })), matched: values!.length };
  });
  const onRunQuery = vi.fn();
  let now: any = query && { refId: 'A', ...query };
  function Panel() {
    const [state, setState] = useState(now);
    now = state;
    return <Editor datasource={datasource} query={state} onChange={setState} onRunQuery={onRunQuery} range={RANGE} app={app} />;
  }
  render(<Panel />);
  return { query: () => now as AnalyticsQuery, onRunQuery, datasource };
}

describe('the query editor', () => {
  it('switches the format, drops what does not belong to it, and runs the query', async () => {
    const { query, onRunQuery } = show(QueryEditor, { queryType: 'repos', trend: 5, limit: 5000, orgs: ['acme-ai'] });
    await userEvent.click(screen.getByRole('radio', { name: 'Time series' }));
    expect(query()).toEqual({ refId: 'A', queryType: 'repos', format: 'time_series', orgs: ['acme-ai'] });
    expect(onRunQuery).toHaveBeenCalled();
    expect(screen.queryByLabelText('Trend points')).toBeNull();
  });

  it('keeps a text when its field is left, and not before', async () => {
    const { query, onRunQuery } = show(QueryEditor, { queryType: 'overview' });
    const field = screen.getByLabelText('Name contains');
    await userEvent.type(field, ' bert ');
    expect(onRunQuery).not.toHaveBeenCalled();
    fireEvent.blur(field);
    expect(query().search).toBe('bert');
    await userEvent.clear(field);
    await userEvent.keyboard('{Enter}');
    expect(query()).not.toHaveProperty('search');
  });

  it('takes a number or a variable for the limit, and says what is wrong with others', async () => {
    const { query } = show(QueryEditor, { queryType: 'repos' }, { rows: { current: '7' } });
    const field = screen.getByLabelText('Most rows');
    await userEvent.type(field, '20{Enter}');
    expect(query().limit).toBe(20);
    await userEvent.clear(field);
    await userEvent.type(field, '10001{Enter}');
    expect(query().limit).toBe(20);
    expect(screen.getByText('A whole number from 1 to 10,000')).toBeTruthy();
    await userEvent.clear(field);
    await userEvent.type(field, '$rows{Enter}');
    expect(query().limit).toBe('$rows');
  });

  it('drops the direction with the order it belonged to', async () => {
    const { query } = show(QueryEditor, { queryType: 'repos', order: 'asc' });
    await userEvent.click(screen.getByLabelText('Sort by'));
    await userEvent.click(await screen.findByRole('option', { name: /^Name/ }));
    expect(query().sort).toBe('name');
    expect(query()).not.toHaveProperty('order');
    expect(screen.getByRole<HTMLInputElement>('radio', { name: 'Ascending' }).checked).toBe(true);
  });

  it('shows the number that readings are of, and of them alone', async () => {
    const { query } = show(QueryEditor, { queryType: 'readings' });
    expect(screen.getByRole<HTMLInputElement>('radio', { name: /^Total/ }).checked).toBe(true);
    await userEvent.click(screen.getByRole('radio', { name: /^Likes/ }));
    expect(query()).toEqual({ refId: 'A', queryType: 'readings', number: 'likes' });
    await userEvent.click(screen.getByLabelText('Show'));
    await userEvent.click(await screen.findByRole('option', { name: /^Repositories/ }));
    expect(query()).toEqual({ refId: 'A', queryType: 'repos' });
    expect(screen.queryByText('Number')).toBeNull();
  });

  it('offers queries to start with in Explore, until one is made', async () => {
    const first = fakeDatasource().getDefaultQuery(CoreApp.Explore);
    const { query, onRunQuery } = show(QueryEditor, { ...first, hide: false }, {}, CoreApp.Explore);
    await userEvent.click(screen.getByRole('button', { name: 'Launch curves' }));
    expect(query()).toEqual({ refId: 'A', hide: false, version: 1, queryType: 'repos', format: 'launch', sort: 'total', limit: 5 });
    expect(onRunQuery).toHaveBeenCalled();
    expect(screen.queryByText('Start with')).toBeNull();
  });

  it('draws other days and a mean over a series, and over nothing else', async () => {
    const { query } = show(QueryEditor, { queryType: 'overview' });
    await userEvent.click(screen.getByLabelText('Compare with'));
    await userEvent.click(await screen.findByRole('option', { name: /^Previous year/ }));
    await userEvent.click(screen.getByLabelText('7-day mean'));
    expect(query()).toMatchObject({ overlay: 'previous_year', smooth: '7d' });
    await userEvent.click(screen.getByLabelText('7-day mean'));
    expect(query()).not.toHaveProperty('smooth');
    await userEvent.click(screen.getByRole('radio', { name: 'Totals' }));
    expect(query()).not.toHaveProperty('overlay');
    expect(screen.queryByLabelText('Compare with')).toBeNull();
  });

  it('has no period for launch curves, which are of all time', async () => {
    const { query } = show(QueryEditor, { queryType: 'repos', period: 'last_month' });
    expect(screen.getByLabelText('Period')).toBeTruthy();
    await userEvent.click(screen.getByRole('radio', { name: 'Launch curves' }));
    expect(query()).toEqual({ refId: 'A', queryType: 'repos', format: 'launch' });
    expect(screen.queryByLabelText('Period')).toBeNull();
  });

  it('offers variables before what is known, and keeps what was picked', async () => {
    const { query } = show(QueryEditor, { queryType: 'overview' }, { org: { current: 'acme-ai' } });
    await userEvent.click(screen.getByLabelText('Organizations'));
    const options = await screen.findAllByRole('option');
    expect(options.map((o) => o.textContent)).toEqual(['$orgDashboard variable', '(no organization)', 'acme-ai']);
    await userEvent.click(options[0]);
    await userEvent.click(screen.getByRole('option', { name: /no organization/ }));
    expect(query().orgs).toEqual(['$org', '']);
  });

  it('looks for repositories of what is selected', async () => {
    const { datasource } = show(QueryEditor, { queryType: 'repos', orgs: ['$org'] }, { org: { current: ['a', 'b'] } });
    await userEvent.click(screen.getByLabelText('Repositories'));
    await screen.findByRole('option', { name: 'acme-ai/whisper' });
    expect(datasource.getResource).toHaveBeenLastCalledWith('repos', expect.objectContaining({ org: ['a', 'b'], repo_type: [] }));
  });

  it('links to the CSV file, in a page of its own', async () => {
    show(QueryEditor, { queryType: 'repos', orgs: ['acme-ai'], search: 'a&b/%' });
    const link = screen.getByRole('link', { name: 'Export CSV' });
    expect(link.getAttribute('href')).toBe(
      '/api/datasources/uid/analytics/resources/export.csv?org=acme-ai&search=a%26b%2F%25&from=0&to=86400000'
    );
    expect(link.getAttribute('target')).toBe('_blank');
  });

  it('leaves alone what it does not know, for the backend to name', async () => {
    const { query } = show(QueryEditor, { version: 2, queryType: 'overview', expr: 'up' } as never);
    await userEvent.click(screen.getByRole('radio', { name: /^Organization/ }));
    expect(query()).toEqual({ refId: 'A', version: 2, queryType: 'overview', groupBy: 'org', expr: 'up' });
  });
});

describe('the query editor of an alert rule', () => {
  const alerting = (query: Partial<AnalyticsQuery>) => show(QueryEditor, query, {}, CoreApp.UnifiedAlerting);

  it('begins with a number of the last 30 days, which is what the rule keeps and runs', () => {
    // The form of Grafana adds a member without a value.
    const { query, onRunQuery } = alerting({ instant: undefined } as never);
    expect(query()).toMatchObject({ refId: 'A', queryType: 'overview', format: 'totals', value: 'downloads', period: 'last_month' });
    expect(() => decode(query())).not.toThrow();
    expect(onRunQuery).toHaveBeenCalledTimes(1);
    expect(screen.getByLabelText<HTMLInputElement>('Value').value).toBe('Downloads');
    expect(screen.queryByRole('link', { name: 'Export CSV' })).toBeNull();
  });

  it('leaves a rule alone that has a query', () => {
    const { query, onRunQuery } = alerting({ queryType: 'corrections', value: 'removed' });
    expect(query()).toEqual({ refId: 'A', queryType: 'corrections', value: 'removed' });
    expect(onRunQuery).not.toHaveBeenCalled();
  });

  it('offers the types that have numbers, and keeps a value that the other type has', async () => {
    const { query } = alerting({ queryType: 'overview', value: 'rank' });
    await userEvent.click(screen.getByLabelText('Show'));
    const options = await screen.findAllByRole('option');
    expect(options.map((o) => o.getAttribute('aria-label') ?? o.textContent)).toHaveLength(4);
    await userEvent.click(options[1]);
    expect(query()).toEqual({ refId: 'A', queryType: 'repos', value: 'rank' });
    await userEvent.click(screen.getByLabelText('Value'));
    await userEvent.click(await screen.findByRole('option', { name: /^Likes/ }));
    expect(query().value).toBe('likes');
    await userEvent.click(screen.getByRole('radio', { name: 'Time series' }));
    expect(query()).toEqual({ refId: 'A', queryType: 'repos', format: 'time_series' });
  });
});

describe('the help', () => {
  it('puts a query to start with in the place of the query', async () => {
    const onClickExample = vi.fn();
    const query: AnalyticsQuery = { refId: 'B', queryType: 'readings', number: 'likes' };
    render(<CheatSheet datasource={fakeDatasource()} query={query} onClickExample={onClickExample} />);
    await userEvent.click(screen.getByRole('button', { name: /Next milestones/ }));
    expect(onClickExample).toHaveBeenCalledWith({ refId: 'B', version: 1, queryType: 'forecast', groupBy: 'repo' });
  });
});

describe('the annotation editor', () => {
  it('begins with milestones and shows nothing of panels', () => {
    show(AnnotationEditor, {});
    expect(screen.getByLabelText<HTMLInputElement>('Show').value).toBe('Milestones');
    expect(screen.getByLabelText<HTMLInputElement>('Smallest milestone').value).toBe('');
    expect(screen.queryByLabelText('Period')).toBeNull();
    expect(screen.queryByRole('link', { name: 'Export CSV' })).toBeNull();
  });

  it('switches from records to outliers', async () => {
    const { query } = show(AnnotationEditor, { queryType: 'highlights' });
    expect(screen.getByRole<HTMLInputElement>('radio', { name: /^Records/ }).checked).toBe(true);
    await userEvent.click(screen.getByRole('radio', { name: /^Outliers/ }));
    expect(query()).toMatchObject({ queryType: 'highlights', event: 'outlier' });
  });

  it('switches to corrections', async () => {
    const { query } = show(AnnotationEditor, { queryType: 'milestones', least: 1000 });
    await userEvent.click(screen.getByLabelText('Show'));
    const options = await screen.findAllByRole('option');
    expect(options).toHaveLength(3);
    await userEvent.click(options[2]);
    expect(query()).toEqual({ refId: 'A', queryType: 'corrections' });
  });
});

describe('the variable editor', () => {
  it('begins with repositories, whatever Grafana hands it', async () => {
    for (const nothing of [undefined, '' as never, {}]) {
      const { query } = show(VariableEditor, nothing);
      await userEvent.click(screen.getAllByRole('radio', { name: 'Organizations' }).at(-1)!);
      await waitFor(() => expect(query().values).toBe('org'));
      expect(() => decode(query())).not.toThrow();
    }
  });

  it('shows no filter by what it lists', () => {
    show(VariableEditor, { queryType: 'variable', values: 'org' });
    expect(screen.getByRole('combobox', { name: 'Repo types' })).toBeTruthy();
    expect(screen.queryByLabelText('Sort by')).toBeNull();
    expect(screen.queryByRole('combobox', { name: 'Organizations' })).toBeNull();
  });
});
