import type { DataQuery } from '@grafana/schema';

/** The version of the query model. A query without one is of this version. */
export const VERSION = 1;

/** The value of a dashboard variable whose option "All" is chosen. */
export const ALL = '$__all';

export type Format = 'totals' | 'time_series' | 'table' | 'launch';
export type Period = 'time_range' | 'all_time' | 'last_month';
export type GroupBy = 'none' | 'repo_type' | 'org' | 'group' | 'repo';
/** The days that highlights are. */
export type Event = 'record' | 'outlier';
export type Interval = 'auto' | 'day' | 'week' | 'month';
/** The days that are drawn over those of a series. */
export type Overlay = 'none' | 'previous_period' | 'previous_year';
/** The mean that is drawn over a series. */
export type Smooth = '7d';
export type Sort = 'downloads' | 'total' | 'change' | 'name' | 'removed';
export type ReadingNumber = 'total' | 'last_month' | 'likes';
/** The numbers that groups and repositories have. */
export type Value =
  | 'downloads'
  | 'before'
  | 'change'
  | 'change_percent'
  | 'share'
  | 'rank'
  | 'total'
  | 'days_since_record'
  | 'repos'
  | 'last_month'
  | 'likes'
  | 'removed'
  | 'backdated';
export type Values = 'repo_type' | 'org' | 'group' | 'repo' | 'last_day' | 'page' | 'period' | 'source';

/** An ad hoc filter of a dashboard: repositories with one of the values. */
export interface Filter {
  key: FilterKey;
  operator: string;
  values: string[];
}

/** What ad hoc filters can be about. */
export type FilterKey = 'repo_type' | 'org' | 'repo' | 'group';

/** One item, or several; none or [] selects all. An item may be a dashboard variable. */
export type List = string | string[];

/** A number, or the digits that a dashboard variable was replaced by. */
export type Num = number | string;

/**
 * A query as panels, annotations, variables and alert rules keep it: the model of
 * pkg/query, which decodes it strictly. A member that does not belong to the
 * query's type and format is an error there; see membersOf.
 */
export interface AnalyticsQuery extends DataQuery {
  version?: Num;
  queryType?: QueryType;
  format?: Format;
  repoTypes?: List;
  orgs?: List;
  repos?: List;
  /** Groups of the exporter's configuration. */
  groups?: List;
  /** A part of the full name, case ignored. */
  search?: string;
  /** Narrows what the lists and the search select. */
  filters?: Filter[];
  period?: Period;
  groupBy?: GroupBy;
  interval?: Interval;
  overlay?: Overlay;
  smooth?: Smooth;
  event?: Event;
  sort?: Sort;
  /** auto, asc or desc of repos; time or repo of export. */
  order?: string;
  limit?: Num;
  offset?: Num;
  /** The most points of a row's sparkline, 0 for none. */
  trend?: Num;
  /** The smallest milestone, a power of ten from 1000 up. */
  least?: Num;
  values?: Values;
  /** The number that series of readings are of. */
  number?: ReadingNumber;
  /** The one number wanted of each group or repository, as alert rules need it. */
  value?: Value;
}

/** The members of the model that are not Grafana's own. */
export type Member = Exclude<keyof AnalyticsQuery, Exclude<keyof DataQuery, 'queryType'>>;

/** The range of a query's limit, its default, and what there are at most so many of. */
export interface Limit {
  def: number;
  most: number;
  label: string;
}

/** What a query of a type and format has besides what every query has. */
interface FormatModel {
  members: Member[];
  limit?: Limit;
  /** What the member value can be. */
  values?: Value[];
  /** The only period that there is; undefined where there is a choice. */
  period?: Period;
}

interface TypeModel {
  label: string;
  description: string;
  /** Events in the time range, for annotations. */
  events?: boolean;
  /** The formats, the default first. */
  formats: Partial<Record<Format, FormatModel>>;
}

const EVENTS: Limit = { def: 20, most: 5000, label: 'Most events' };

const SUMS: Value[] = ['downloads', 'before', 'change', 'change_percent', 'share', 'rank', 'total', 'days_since_record'];

const typeModels = {
  overview: {
    label: 'Overview',
    description: 'Sums over all selected repositories',
    formats: {
      time_series: { members: ['groupBy', 'interval', 'overlay', 'smooth'] },
      totals: { members: ['groupBy', 'value'], values: [...SUMS, 'repos'] },
    },
  },
  repos: {
    label: 'Repositories',
    description: 'One row or one series for each repository',
    formats: {
      table: {
        members: ['sort', 'order', 'offset', 'trend', 'value'],
        limit: { def: 50, most: 10_000, label: 'Most rows' },
        values: [...SUMS, 'last_month', 'likes', 'removed', 'backdated'],
      },
      time_series: { members: ['sort', 'order', 'interval'], limit: { def: 10, most: 500, label: 'Most series' } },
      launch: { members: ['sort', 'order'], limit: { def: 10, most: 100, label: 'Most curves' }, period: 'all_time' },
    },
  },
  export: {
    label: 'Daily records',
    description: 'One row for each repository and day, as in the CSV file',
    formats: { table: { members: ['order'], limit: { def: 10_000, most: 1_000_000, label: 'Most rows' } } },
  },
  readings: {
    label: 'Readings',
    description: "The Hub's own numbers by day: a time series for each repository",
    formats: { time_series: { members: ['number'], limit: { def: 10, most: 500, label: 'Most series' } } },
  },
  milestones: {
    label: 'Milestones',
    description: 'Days on which a repository passed 1,000, 10,000, ... downloads',
    events: true,
    formats: { table: { members: ['least'], limit: EVENTS, period: 'time_range' } },
  },
  forecast: {
    label: 'Forecast',
    description: 'When totals will pass the next power of ten, if downloads continue as in the last 8 weeks',
    formats: { table: { members: ['groupBy'], limit: { def: 10, most: 500, label: 'Most rows' }, period: 'time_range' } },
  },
  highlights: {
    label: 'Highlights',
    description: 'Days with more downloads than ever before, or unlike the 8 weeks before',
    events: true,
    formats: { table: { members: ['event', 'groupBy'], limit: EVENTS, period: 'time_range' } },
  },
  corrections: {
    label: 'Corrections',
    description: 'Times at which the Hub removed downloads, or added some for the past',
    events: true,
    formats: { table: { members: ['value'], limit: EVENTS, values: ['removed', 'backdated'], period: 'time_range' } },
  },
  variable: {
    label: 'Variable',
    description: 'The values of a dashboard variable',
    formats: { table: { members: ['values', 'sort', 'offset'], limit: { def: 1000, most: 10_000, label: 'Most values' } } },
  },
} satisfies Record<string, TypeModel>;

export type QueryType = keyof typeof typeModels;

/** The types of queries. */
export const TYPES: Record<QueryType, TypeModel> = typeModels;
export const QUERY_TYPES = Object.keys(typeModels) as QueryType[];

/** What a query is when it does not say so. */
const DEFAULT_TYPE: QueryType = 'overview';

export const DEFAULT_TREND = 30;
export const MAX_TREND = 400;
export const MAX_OFFSET = 2 ** 31 - 1;

/** The formats of a type, the default first. */
export function formatsOf(type: QueryType): Format[] {
  return Object.keys(TYPES[type].formats) as Format[];
}

/** The type of a query, the default if it has none. */
export function typeOf(query: Pick<AnalyticsQuery, 'queryType'>): QueryType {
  return query.queryType || DEFAULT_TYPE;
}

/** The format of a query: if it has none, the one with its value, or else the default of its type. */
export function formatOf(query: Pick<AnalyticsQuery, 'queryType' | 'format' | 'value'>): Format {
  const type = typeOf(query);
  const formats = formatsOf(type);
  return query.format || (query.value && formats.find((format) => valuesOf(type, format))) || formats[0];
}

/** What the member value of a type and format can be; undefined where there is none. */
export function valuesOf(type: QueryType, format: Format): Value[] | undefined {
  return TYPES[type]?.formats[format]?.values;
}

/** The only period of a type and format; undefined where there is a choice. */
export function periodOf(type: QueryType, format: Format): Period | undefined {
  return TYPES[type]?.formats[format]?.period;
}

/** The range of the limit of a type and format; undefined where there is no limit. */
export function limitOf(type: QueryType, format: Format): Limit | undefined {
  return TYPES[type]?.formats[format]?.limit;
}

const COMMON: Member[] = ['version', 'queryType', 'format', 'repoTypes', 'orgs', 'repos', 'groups', 'search', 'filters', 'period'];

/** The members that belong to a query of that type, format and (of variables) values. */
export function membersOf(type: QueryType, format: Format, values?: Values): Member[] {
  const { members = [], limit = undefined } = TYPES[type]?.formats[format] ?? {};
  const own: Member[] = [...COMMON, ...members, ...(limit ? (['limit'] as const) : [])];
  const others: Member[] = [...(values === 'repo' ? [] : ['sort' as const]), ...(values === 'page' ? [] : ['offset' as const])];
  return type === 'variable' ? own.filter((member) => !others.includes(member)) : own;
}

/** All members that are ours, whatever the type. */
export const MEMBERS: Member[] = [
  ...new Set(QUERY_TYPES.flatMap((type) => formatsOf(type).flatMap((format) => membersOf(type, format, 'repo')))),
].sort();
