import type { TimeRange } from '@grafana/data';

import type { AnalyticsQuery, List } from './query/model';

interface Asked {
  /** The path below which Grafana is served, '' for none. */
  appSubUrl: string;
  /** The data source's. */
  uid: string;
  /** With values in the place of variables. */
  query: AnalyticsQuery;
  /** The panel's; without it the file has all days where the query has a time range. */
  range?: TimeRange;
}

/**
 * Returns the address of the CSV file with the daily records of the repositories and
 * days that a query selects. The query's limit does not count: the file has them all.
 */
export function exportHref({ appSubUrl, uid, query, range }: Asked): string {
  const params = new URLSearchParams();
  const add = (name: string, list?: List) => items(list).forEach((item) => params.append(name, escapeItem(item)));
  add('repo_type', query.repoTypes);
  add('org', query.orgs);
  add('repo', query.repos);
  add('group', query.groups);
  if (query.search) {
    params.set('search', query.search);
  }
  const period = query.period || 'time_range';
  if (period !== 'time_range') {
    params.set('period', period);
  } else if (range) {
    params.set('from', String(range.from.valueOf()));
    params.set('to', String(range.to.valueOf()));
  }
  if (query.queryType === 'export' && query.order) {
    params.set('order', query.order);
  }
  const text = params.toString();
  return `${appSubUrl}/api/datasources/uid/${encodeURIComponent(uid)}/resources/export.csv${text && '?'}${text}`;
}

function items(list: List | undefined): string[] {
  return typeof list === 'string' ? [list].filter((item) => item !== '') : (list ?? []);
}

/** A parameter holds a list with commas between its items. */
function escapeItem(item: string): string {
  return item.replace(/[\\,]/g, '\\$&');
}
