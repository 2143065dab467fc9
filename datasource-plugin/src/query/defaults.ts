import {
  formatOf,
  formatsOf,
  MEMBERS,
  membersOf,
  periodOf,
  typeOf,
  valuesOf,
  VERSION,
  type AnalyticsQuery,
  type Format,
  type QueryType,
  type Values,
} from './model';
import starters from './starters.json';

/** A query to begin with. */
export interface Starter {
  title: string;
  description: string;
  query: Partial<AnalyticsQuery>;
}

/** The queries to begin with; a test of the backend asks them all. */
export const STARTERS = starters as Starter[];

/** A new query of Explore: the first starter, a table whose days do not depend on the time range, which is an hour there. */
export const EXPLORE_QUERY: Partial<AnalyticsQuery> = { version: VERSION, ...STARTERS[0].query };

/**
 * A new panel's query: how the downloads went, day by day. Grafana merges it into queries
 * that lack some of its members, so it has none that another type refuses, and none that
 * is another one in the backend: there, an empty query is this one.
 */
export const PANEL_QUERY: Partial<AnalyticsQuery> = { version: VERSION, queryType: 'overview' };

/** A new alert rule's query: the downloads of the last 30 days, one number for each repo type. */
export const ALERT_QUERY: Partial<AnalyticsQuery> = {
  version: VERSION,
  queryType: 'overview',
  format: 'totals',
  value: 'downloads',
  period: 'last_month',
};

/** A new annotation's query. */
export const ANNOTATION_QUERY: Partial<AnalyticsQuery> = { version: VERSION, queryType: 'milestones' };

/** A new variable's query. */
export const VARIABLE_QUERY: Partial<AnalyticsQuery> = { version: VERSION, queryType: 'variable', values: 'repo' };

/**
 * Returns the query without the members that do not belong to its type and format, and
 * without a period that these do not have. Members that are Grafana's stay.
 */
export function pruned(query: AnalyticsQuery): AnalyticsQuery {
  const own = membersOf(typeOf(query), formatOf(query), query.values);
  const next: AnalyticsQuery = { ...query };
  for (const member of MEMBERS) {
    if (!own.includes(member)) {
      delete next[member];
    }
  }
  const period = periodOf(typeOf(query), formatOf(query));
  if (period && next.period !== period) {
    delete next.period;
  }
  return next;
}

/**
 * Returns the query as one of another type. The selection of repositories stays,
 * and the format and the period if the new type has them; what means something else
 * there (a limit, an order) gives way to the default.
 */
export function withType(query: AnalyticsQuery, queryType: QueryType): AnalyticsQuery {
  if (typeOf(query) === queryType) {
    return query;
  }
  const next: AnalyticsQuery = { ...query, queryType };
  for (const member of ['limit', 'order', 'sort'] as const) {
    delete next[member];
  }
  if (next.groupBy === 'repo') {
    delete next.groupBy;
  }
  const formats = formatsOf(queryType);
  if (next.format && (formats.length === 1 || !formats.includes(next.format))) {
    delete next.format;
  }
  if (next.value && !formats.some((format) => valuesOf(queryType, format)?.includes(next.value!))) {
    delete next.value;
  }
  return pruned(next);
}

/** Returns the query in another format. The limits of formats differ, so it falls back to the default. */
export function withFormat(query: AnalyticsQuery, format: Format): AnalyticsQuery {
  if (formatOf(query) === format) {
    return query;
  }
  const { limit: _, value: __, ...rest } = query;
  return pruned({ ...rest, format });
}

/** Reports whether nothing of ours is in a query yet. */
export function isNew(query: AnalyticsQuery): boolean {
  return MEMBERS.every((member) => isEmpty(query[member]));
}

/** Returns a starter in the place of what is ours in a query. */
export function startWith(query: AnalyticsQuery, starter: Starter): AnalyticsQuery {
  const next: AnalyticsQuery = { ...query };
  for (const member of MEMBERS) {
    delete next[member];
  }
  return { ...next, version: VERSION, ...starter.query };
}

/** Reports whether a query is the one that Explore begins with. */
export function isStart(query: AnalyticsQuery): boolean {
  return MEMBERS.every((member) => query[member] === EXPLORE_QUERY[member]);
}

/** Returns a variable's query for other values. */
export function withValues(query: AnalyticsQuery, values: Values): AnalyticsQuery {
  return pruned({ ...query, values });
}

/** Returns the query with some members set; a member set to undefined, '' or [] goes. */
export function withMembers(query: AnalyticsQuery, members: Partial<AnalyticsQuery>): AnalyticsQuery {
  const next: Record<string, unknown> = { ...query };
  for (const [name, value] of Object.entries(members)) {
    if (isEmpty(value)) {
      delete next[name];
    } else {
      next[name] = value;
    }
  }
  return next as unknown as AnalyticsQuery;
}

/** Reports whether a member's value counts as absent: null, '' or []. */
export function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
}
