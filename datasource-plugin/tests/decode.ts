import { isEmpty } from '../src/query/defaults';
import { ALL, DEFAULT_TREND, formatOf, limitOf, membersOf, periodOf, typeOf, type Filter, type Member } from '../src/query/model';

/** What Grafana itself writes into the query of any data source. */
const GRAFANAS = [
  'refId',
  'hide',
  'key',
  'datasource',
  'datasourceId',
  'intervalMs',
  'maxDataPoints',
  'queryCachingTTL',
  'timeRange',
  'resultAssertions',
  'timeRangeCompare',
];

/** A member that does not belong to a query. */
export class NotAMember extends Error {
  constructor(readonly field: string) {
    super(`no member of this query: ${field}`);
  }
}

/**
 * Returns what a query means by the model of the editors, with every default filled in
 * and members without a value left out. It throws NotAMember where the backend refuses a
 * member; what is wrong with values is the backend's to say.
 */
export function decode(query: any): Record<string, unknown> {
  const type = typeOf(query);
  const format = formatOf(query);
  const members = membersOf(type, format, query.values);
  for (const [name, value] of Object.entries(query)) {
    if (!isEmpty(value) && !GRAFANAS.includes(name) && !(members as string[]).includes(name)) {
      throw new NotAMember(name);
    }
  }
  const own = (member: Member, def: unknown): any =>
    members.includes(member) ? (isEmpty(query[member]) ? def : query[member]) : undefined;
  const list = (member: Member) => {
    const items: string[] = [own(member, [])].flat();
    return items.includes(ALL) ? [] : items;
  };
  const narrowed = (member: Member, key: string) =>
    (query.filters ?? [])
      .filter((filter: Filter) => filter.key === key)
      .reduce((items: string[], { values }: Filter) => (items.length ? items.filter((item) => values.includes(item)) : values), list(member));
  const sort = own('sort', 'downloads');
  const decoded = {
    type,
    format,
    repoTypes: narrowed('repoTypes', 'repo_type'),
    orgs: narrowed('orgs', 'org'),
    repos: narrowed('repos', 'repo'),
    groups: narrowed('groups', 'group'),
    search: query.search,
    period: own('period', periodOf(type, format) ?? 'time_range'),
    groupBy: own('groupBy', 'repo_type'),
    interval: own('interval', 'auto'),
    sort,
    ascending: sort && (own('order', 'auto') === 'auto' ? sort === 'name' : query.order === 'asc') ? true : type === 'variable' && sort === 'name',
    order: sort ? undefined : own('order', 'time'),
    limit: Number(own('limit', limitOf(type, format)?.def) ?? 0),
    offset: Number(own('offset', 0) ?? 0),
    trend: Number(own('trend', DEFAULT_TREND) ?? 0),
    least: Number(own('least', 0) ?? 0),
    values: own('values', undefined),
    number: own('number', 'total'),
    value: own('value', undefined),
    overlay: query.overlay === 'none' ? undefined : own('overlay', undefined),
    smooth: own('smooth', undefined),
    event: own('event', 'record'),
  };
  return Object.fromEntries(Object.entries(decoded).filter(([, v]) => !isEmpty(v) && v !== 0 && v !== false));
}

