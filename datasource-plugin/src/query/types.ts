import type { DataSourceJsonData } from '@grafana/data';
import type { DataQuery } from '@grafana/schema';

/** The version of the query model. A query without one is of this version. */
export const VERSION = 1;

/** The value of a dashboard variable whose option "All" is chosen. */
export const ALL = '$__all';

export type QueryType = 'overview' | 'repos' | 'export' | 'milestones' | 'corrections' | 'variable';
export type Format = 'totals' | 'time_series' | 'table';
export type Period = 'time_range' | 'all_time' | 'last_month';
export type GroupBy = 'none' | 'repo_type' | 'org';
export type Interval = 'auto' | 'day' | 'week' | 'month';
export type Sort = 'downloads' | 'total' | 'change' | 'name' | 'corrected';
export type Values = 'repo_type' | 'org' | 'repo';

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
  /** A part of the full name, case ignored. */
  search?: string;
  period?: Period;
  groupBy?: GroupBy;
  interval?: Interval;
  sort?: Sort;
  /** asc or desc of repos; time or repo of export. */
  order?: string;
  limit?: Num;
  offset?: Num;
  /** The most points of a row's sparkline, 0 for none. */
  trend?: Num;
  /** The smallest milestone, a power of ten from 1000 up. */
  least?: Num;
  values?: Values;
}

/** The members of the model that are not Grafana's own. */
export type Member = Exclude<keyof AnalyticsQuery, Exclude<keyof DataQuery, 'queryType'>>;

export type Connection = 'exporter' | 'hub';

/** The settings of a data source, but for its URL, authentication and TLS, which Grafana keeps. */
export interface AnalyticsOptions extends DataSourceJsonData {
  /** Where the history is from. exporter if absent. */
  connection?: Connection;
  /** The organization on the Hub, of hub. */
  organization?: string;
  /** Where the Hub is, of hub. */
  endpoint?: string;
  /** How often the history is read anew, as 6h or 30m, of hub. */
  refreshInterval?: string;
  /** The most memory that the history may take, in MiB, of hub. */
  memoryLimitMiB?: number;
  /** The longest wait for an answer to begin, and for each further piece of it, in seconds. */
  timeout?: number;
}

export interface AnalyticsSecrets {
  /** The Hub's access token, of hub. */
  token?: string;
}
