import type { AnalyticsQuery, Format, Member, Period, QueryType, Sort, Values } from './types';

/** The types of queries that a panel can have; variables and annotations have theirs. */
export const QUERY_TYPES: QueryType[] = ['overview', 'repos', 'export', 'milestones', 'corrections', 'variable'];

export const PERIODS: Period[] = ['time_range', 'all_time', 'last_month'];
export const SORTS: Sort[] = ['downloads', 'total', 'change', 'name', 'corrected'];
export const VARIABLE_SORTS: Sort[] = ['downloads', 'total', 'change', 'name'];

/** What a query is when it does not say so. */
export const DEFAULT_TYPE: QueryType = 'overview';

export const LEAST_MILESTONE = 1000;
export const DEFAULT_TREND = 30;
export const MAX_TREND = 400;
export const MAX_OFFSET = 2 ** 31 - 1;

/** The formats of a type, the default first. */
export function formatsOf(type: QueryType): Format[] {
  switch (type) {
    case 'overview':
      return ['totals', 'time_series'];
    case 'repos':
      return ['table', 'time_series'];
    default:
      return ['table'];
  }
}

/** The type of a query, the default if it has none. */
export function typeOf(query: Pick<AnalyticsQuery, 'queryType'>): QueryType {
  return query.queryType || DEFAULT_TYPE;
}

/** The format of a query, the default of its type if it has none. */
export function formatOf(query: Pick<AnalyticsQuery, 'queryType' | 'format'>): Format {
  return query.format || formatsOf(typeOf(query))[0];
}

/** The range of a query's limit, and its default. */
export interface Range {
  def: number;
  most: number;
}

/** The range of the limit of a type and format; undefined where there is no limit. */
export function limitOf(type: QueryType, format: Format): Range | undefined {
  switch (type) {
    case 'overview':
      return undefined;
    case 'repos':
      return format === 'time_series' ? { def: 10, most: 500 } : { def: 50, most: 10_000 };
    case 'export':
      return { def: 10_000, most: 1_000_000 };
    case 'milestones':
    case 'corrections':
      return { def: 100, most: 5000 };
    case 'variable':
      return { def: 1000, most: 10_000 };
  }
}

/** The members that belong to a query of that type, format and (of variables) values. */
export function membersOf(type: QueryType, format: Format, values?: Values): Member[] {
  const members: Member[] = ['version', 'queryType', 'format', 'repoTypes', 'orgs', 'repos', 'search', 'period'];
  switch (type) {
    case 'overview':
      members.push('groupBy');
      break;
    case 'repos':
      members.push('sort', 'order', 'limit');
      if (format === 'table') {
        members.push('offset', 'trend');
      }
      break;
    case 'export':
      members.push('order', 'limit');
      break;
    case 'milestones':
      members.push('least', 'limit');
      break;
    case 'corrections':
      members.push('limit');
      break;
    case 'variable':
      members.push('values', 'limit');
      if (values === 'repo') {
        members.push('sort');
      }
      break;
  }
  if (format === 'time_series') {
    members.push('interval');
  }
  return members;
}

/** All members that are ours, whatever the type. */
export const MEMBERS: Member[] = [
  'format',
  'groupBy',
  'interval',
  'least',
  'limit',
  'offset',
  'order',
  'orgs',
  'period',
  'queryType',
  'repoTypes',
  'repos',
  'search',
  'sort',
  'trend',
  'values',
  'version',
];
