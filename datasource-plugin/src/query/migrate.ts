import { withMembers } from './defaults';
import { QueryError } from './decode';
import { VERSION, type AnalyticsQuery } from './types';

/**
 * Returns a stored query as one of today's version. A query without a version was
 * written by hand or by a dashboard's author, and is taken for one of this version.
 *
 * A query of a later version, or of one that does not exist, throws a QueryError:
 * it may mean something else.
 */
export function migrate(query: AnalyticsQuery): AnalyticsQuery {
  const { version } = query;
  if (version === undefined || version === null || version === '') {
    return withMembers(query, { version: VERSION });
  }
  if (Number(version) === VERSION) {
    return query;
  }
  const later = Number(version) > VERSION;
  throw new QueryError(
    'version',
    `expected ${VERSION}, got ${JSON.stringify(version)}` +
      (later ? ': a newer version of the plugin has written this query; update the plugin' : '')
  );
}
