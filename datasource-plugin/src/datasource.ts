import { CoreApp, type DataSourceInstanceSettings, type ScopedVars, type TimeRange } from '@grafana/data';
import { config, DataSourceWithBackend, getTemplateSrv, type TemplateSrv } from '@grafana/runtime';

import { annotationSupport } from './annotations';
import { exportHref } from './exportLink';
import { Lookups } from './lookups';
import { PANEL_QUERY } from './query/defaults';
import { interpolate } from './query/interpolate';
import type { AnalyticsQuery } from './query/model';
import type { AnalyticsOptions } from './config/settings';
import { AnalyticsVariableSupport } from './variables';

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
    return app === CoreApp.UnifiedAlerting ? {} : PANEL_QUERY;
  }

  /** Leaves out what is hidden, and what has not been filled in yet. */
  override filterQuery(query: AnalyticsQuery): boolean {
    return !query.hide && !(query.queryType === 'variable' && !query.values);
  }

  override applyTemplateVariables(query: AnalyticsQuery, scopedVars: ScopedVars): AnalyticsQuery {
    return interpolate(query, this.templates, scopedVars);
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
