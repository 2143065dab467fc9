import {
  CoreApp,
  type AdHocVariableFilter,
  type DataSourceGetTagValuesOptions,
  type DataSourceInstanceSettings,
  type MetricFindValue,
  type ScopedVars,
  type TimeRange,
} from '@grafana/data';
import { config, DataSourceWithBackend, getTemplateSrv, type TemplateSrv } from '@grafana/runtime';

import { annotationSupport } from './annotations';
import { exportHref } from './exportLink';
import { Lookups } from './lookups';
import { EXPLORE_QUERY, PANEL_QUERY } from './query/defaults';
import { interpolate } from './query/interpolate';
import type { AnalyticsQuery, Filter, FilterKey } from './query/model';
import type { AnalyticsOptions } from './config/settings';
import { AnalyticsVariableSupport } from './variables';

/** What ad hoc filters can be about. */
const FILTER_KEYS: Array<{ value: FilterKey; text: string }> = [
  { value: 'repo_type', text: 'Repo type' },
  { value: 'org', text: 'Organization' },
  { value: 'repo', text: 'Repository' },
  { value: 'group', text: 'Group' },
];

/** An ad hoc filter of Grafana as the backend takes it. */
function filterOf({ key, operator, value, values }: AdHocVariableFilter): Filter {
  return { key: key as FilterKey, operator, values: values?.length ? values : [value] };
}

/** The data source: what Grafana's frontend asks goes to the backend, with values in the place of variables. */
export class DataSource extends DataSourceWithBackend<AnalyticsQuery, AnalyticsOptions> {
  readonly lookups: Lookups;

  constructor(
    settings: DataSourceInstanceSettings<AnalyticsOptions>,
    private readonly templates: TemplateSrv = getTemplateSrv()
  ) {
    super(settings);
    this.annotations = annotationSupport;
    this.variables = new AnalyticsVariableSupport(this);
    this.lookups = new Lookups((path, params) => this.getResource(path, params));
  }

  /** The query editor itself fills in that of a new alert rule. */
  override getDefaultQuery(app?: CoreApp): Partial<AnalyticsQuery> {
    switch (app) {
      case CoreApp.UnifiedAlerting:
        return {};
      case CoreApp.Explore:
        return EXPLORE_QUERY;
    }
    return PANEL_QUERY;
  }

  /** Leaves out what is hidden, and what has not been filled in yet. */
  override filterQuery(query: AnalyticsQuery): boolean {
    return !query.hide && !(query.queryType === 'variable' && !query.values);
  }

  /** The ad hoc filters of a dashboard go with the query: what they leave of it is the backend's to say. */
  override applyTemplateVariables(query: AnalyticsQuery, scopedVars: ScopedVars, filters?: AdHocVariableFilter[]): AnalyticsQuery {
    const next = interpolate(query, this.templates, scopedVars);
    return filters?.length ? { ...next, filters: [...(next.filters ?? []), ...filters.map(filterOf)] } : next;
  }

  override async getTagKeys(): Promise<MetricFindValue[]> {
    return FILTER_KEYS;
  }

  /** The values of an ad hoc filter, of what the other filters select. Of repositories it is those with the most downloads. */
  override async getTagValues({ key, filters }: DataSourceGetTagValuesOptions<AnalyticsQuery>): Promise<MetricFindValue[]> {
    const valuesOf = (key: FilterKey) => filters.map(filterOf).flatMap((filter) => (filter.key === key ? filter.values : []));
    switch (key) {
      case 'repo_type':
        return (await this.lookups.repoTypes()).items;
      case 'org':
        return (await this.lookups.organizations('')).items;
      case 'repo':
        return (await this.lookups.repos('', { repoTypes: valuesOf('repo_type'), orgs: valuesOf('org'), groups: valuesOf('group') })).items;
      case 'group':
        return (await this.lookups.groups('')).items;
    }
    return [];
  }

  /** The dashboard's variables, as they are written into a query. */
  variableNames(): string[] {
    return this.templates.getVariables().map((v) => `$${v.name}`);
  }

  /** The address of the CSV file of what a query selects. */
  exportHref(query: AnalyticsQuery, range?: TimeRange): string {
    return exportHref({ appSubUrl: config.appSubUrl, uid: this.uid, query: this.applyTemplateVariables(query, {}), range });
  }
}
