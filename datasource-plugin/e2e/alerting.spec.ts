// Nothing is looked at here: no page has to be opened.
import { expect, test, type APIRequestContext } from '@playwright/test';

import { overview } from './exporter';
import { PLUGIN, SOURCE } from './grafana';

/** Asks as an alert rule does: a query of ours, and Grafana's own expressions over its answer. */
async function evaluate(request: APIRequestContext, query: object, expressions: object[]) {
  const source = { type: PLUGIN, uid: SOURCE };
  const own = expressions.map((e) => ({ ...e, datasource: { type: '__expr__', uid: '__expr__' } }));
  const answer = await request.post('/api/ds/query', {
    data: { from: 'now-90d', to: 'now', queries: [{ refId: 'A', datasource: source, intervalMs: 1000, maxDataPoints: 43200, ...query }, ...own] },
  });
  const { results } = await answer.json();
  return { status: answer.status(), text: JSON.stringify(results), results };
}

/** The numbers that an expression came to, by the labels of each; none if there was nothing to compare. */
function numbers(result: { frames?: Array<{ schema: { fields: Array<{ labels?: object }> }; data: { values: unknown[][] } }> }) {
  const frames = (result.frames ?? []).filter((f) => f.schema.fields.length > 0);
  return frames.map((f) => ({ labels: f.schema.fields[0].labels ?? {}, value: f.data.values[0][0] }));
}

test('totals are numbers that an alert rule compares', async ({ request }) => {
  const { groups } = await overview(request, { period: 'last_month' });
  const models = groups.find((g) => g.repo_type === 'model')!;
  const { status, text, results } = await evaluate(
    request,
    { queryType: 'overview', format: 'totals', period: 'last_month', repoTypes: ['model'] },
    [{ refId: 'B', type: 'math', expression: '$A + 0' }]
  );
  expect(status, text).toBe(200);
  const got = numbers(results.B);
  // Each number of the row, the name of its field among the labels.
  expect(got.length, text).toBeGreaterThan(2);
  expect(got.map((n) => n.value)).toContain(models.downloads);
  expect(JSON.stringify(got)).toContain('"repo_type":"model"');
});

/** Evaluates a rule as Grafana's alerting does: a query, and a threshold that all numbers are above. */
async function fires(request: APIRequestContext, query: object, reducer?: string) {
  const range = { from: 90 * 86400, to: 0 };
  const expression = (refId: string, model: object) => ({ refId, datasourceUid: '__expr__', relativeTimeRange: range, model: { refId, ...model } });
  const data = [
    { refId: 'A', datasourceUid: SOURCE, queryType: '', relativeTimeRange: range, model: { refId: 'A', ...query } },
    ...(reducer ? [expression('B', { type: 'reduce', expression: 'A', reducer })] : []),
    expression('C', { type: 'threshold', expression: reducer ? 'B' : 'A', conditions: [{ evaluator: { type: 'gt', params: [-1] } }] }),
  ];
  const answer = await request.post('/api/v1/eval', { data: { data, condition: 'C' } });
  const { results } = await answer.json();
  expect(answer.status(), JSON.stringify(results)).toBe(200);
  expect(results.A?.error ?? results.C.error, JSON.stringify(query)).toBeUndefined();
  return numbers(results.C);
}

test('a rule on one number of each group or repository fires for each of them', async ({ request }) => {
  for (const query of [
    {},
    { queryType: 'overview', value: 'downloads', period: 'last_month' },
    { queryType: 'overview', value: 'total', groupBy: 'org' },
    { queryType: 'overview', value: 'days_since_record', groupBy: 'none' },
    { queryType: 'repos', value: 'rank', limit: 3 },
    { queryType: 'repos', value: 'share', limit: 3, period: 'all_time' },
  ]) {
    const got = await fires(request, query, 'queryType' in query ? undefined : 'last');
    expect(got.length, JSON.stringify(query)).toBeGreaterThan(0);
    expect(got.map((n) => n.value), JSON.stringify(query)).toEqual(got.map(() => 1));
    expect(new Set(got.map((n) => JSON.stringify(n.labels))).size).toBe(got.length);
  }
});

test('a rule on corrections is evaluated, whether there are some or not', async ({ request }) => {
  const got = await fires(request, { queryType: 'corrections', value: 'removed' });
  for (const { labels } of got) {
    expect(Object.keys(labels).sort()).toEqual(['org', 'repo', 'repo_type']);
  }
});

test('the rules that are provisioned are healthy', async ({ request }) => {
  const { data } = await (await request.get('/api/prometheus/grafana/api/v1/rules')).json();
  const group = data.groups.find((g: { name: string }) => g.name === 'Hugging Face downloads');
  expect(group.rules).toHaveLength(4);
  for (const rule of group.rules) {
    expect(['ok', 'unknown', 'nodata'], `${rule.name}: ${rule.lastError ?? ''}`).toContain(rule.health);
  }
});

test('a series is reduced and compared', async ({ request }) => {
  const { status, text, results } = await evaluate(
    request,
    { queryType: 'overview', format: 'time_series', groupBy: 'repo_type', interval: 'day' },
    [
      { refId: 'B', type: 'reduce', expression: 'A', reducer: 'last' },
      { refId: 'C', type: 'threshold', expression: 'B', conditions: [{ evaluator: { type: 'gt', params: [0] } }] },
    ]
  );
  expect(status, text).toBe(200);
  const got = numbers(results.C);
  expect(got.map((n) => n.value)).toEqual(got.map(() => 1));
  expect(got.map((n) => JSON.stringify(n.labels))).toEqual(expect.arrayContaining([expect.stringContaining('model'), expect.stringContaining('dataset')]));
});

test('a rule whose query is wrong says which member', async ({ request }) => {
  const { status, text } = await evaluate(request, { queryType: 'overview', groupBy: 'country' }, []);
  expect(status).toBe(400);
  expect(text).toContain('groupBy');
});
