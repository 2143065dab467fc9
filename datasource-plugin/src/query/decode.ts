import { isEmpty } from './defaults';
import {
  DEFAULT_TREND,
  DEFAULT_TYPE,
  formatsOf,
  LEAST_MILESTONE,
  limitOf,
  MAX_OFFSET,
  MAX_TREND,
  MEMBERS,
  membersOf,
  PERIODS,
  QUERY_TYPES,
  SORTS,
  VARIABLE_SORTS,
} from './model';
import { ALL, VERSION, type Format, type GroupBy, type Interval, type Period, type QueryType, type Sort, type Values } from './types';
import { hasVariable } from './variables';

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

const MAX_TEXT = 1024;
const MAX_ITEMS = 10_000;

/** A query with every default filled in. What does not belong to its type and format is absent. */
export interface Decoded {
  type: QueryType;
  format: Format;
  /** Empty lists select all. */
  repoTypes: string[];
  orgs: string[];
  repos: string[];
  search: string;
  period: Period;
  groupBy?: GroupBy;
  interval?: Interval;
  sort?: Sort;
  ascending?: boolean;
  order?: 'time' | 'repo';
  limit?: number;
  offset?: number;
  trend?: number;
  least?: number;
  values?: Values;
}

/** What is wrong with a query, in the words of pkg/query. */
export class QueryError extends Error {
  constructor(
    /** The member, an item of a list with its index as in orgs[3]; '' if the whole is wrong. */
    readonly field: string,
    /** What was expected and what came, without the field. */
    readonly problem: string
  ) {
    super(field === '' ? `query: ${problem}` : `query field ${field}: ${problem}`);
  }
}

/**
 * Decodes a query whose dashboard variables have been replaced, as pkg/query does
 * it. Throws a QueryError.
 */
export function decode(query: unknown): Decoded {
  if (typeof query !== 'object' || query === null || Array.isArray(query)) {
    throw new QueryError('', `expected a JSON object, got ${JSON.stringify(query)}`);
  }
  const m = new Members(query as Record<string, unknown>);
  m.number('version', VERSION, VERSION, VERSION);
  const type = m.word('queryType', DEFAULT_TYPE, QUERY_TYPES);
  const formats = formatsOf(type);
  const format = m.word('format', formats[0], formats);
  const d: Decoded = {
    type,
    format,
    repoTypes: m.list('repoTypes', 'a repo type like model'),
    orgs: m.list('orgs'),
    repos: m.list('repos', 'a full name like org/name'),
    search: m.text('search'),
    period: m.word('period', 'time_range', type === 'milestones' || type === 'corrections' ? ['time_range'] : PERIODS),
  };
  switch (type) {
    case 'overview':
      d.groupBy = m.word<GroupBy>('groupBy', format === 'time_series' ? 'none' : 'repo_type', ['none', 'repo_type', 'org']);
      break;
    case 'repos':
      d.sort = m.word('sort', 'downloads', SORTS);
      d.ascending = m.word('order', d.sort === 'name' ? 'asc' : 'desc', ['asc', 'desc']) === 'asc';
      if (format === 'table') {
        d.offset = m.number('offset', 0, 0, MAX_OFFSET);
        d.trend = m.number('trend', DEFAULT_TREND, 0, MAX_TREND);
      }
      break;
    case 'export':
      d.order = m.word<'time' | 'repo'>('order', 'time', ['time', 'repo']);
      break;
    case 'milestones':
      d.least = m.powerOfTen('least');
      break;
    case 'variable':
      d.values = m.word<Values>('values', undefined, ['repo_type', 'org', 'repo']);
      if (d.values === 'repo') {
        d.sort = m.word('sort', 'downloads', VARIABLE_SORTS);
        d.ascending = d.sort === 'name';
      }
      break;
  }
  const limit = limitOf(type, format);
  if (limit) {
    d.limit = m.number('limit', limit.def, 1, limit.most);
  }
  if (format === 'time_series') {
    d.interval = m.word<Interval>('interval', 'auto', ['auto', 'day', 'week', 'month']);
  }
  m.done(type, format, d.values);
  return d;
}

/** Reads the members of a query, and throws a QueryError at the first that is wrong. */
class Members {
  private readonly set = new Map<string, unknown>();

  constructor(query: Record<string, unknown>) {
    for (const [name, value] of Object.entries(query)) {
      if ((MEMBERS as string[]).includes(name)) {
        if (!isEmpty(value)) {
          this.set.set(name, value);
        }
      } else if (!GRAFANAS.includes(name)) {
        throw new QueryError(name, `expected one of the members ${MEMBERS.join(', ')}, got ${quote(name)}`);
      }
    }
  }

  text(name: string): string {
    const value = this.set.get(name) ?? '';
    if (typeof value !== 'string') {
      throw new QueryError(name, `expected a string, got ${quote(value)}`);
    }
    if (value.length > MAX_TEXT) {
      throw new QueryError(name, `expected at most ${MAX_TEXT} bytes, got ${value.length}`);
    }
    if (hasVariable(value)) {
      throw new QueryError(name, `expected a value, got ${quote(value)}: nothing has put a value in the place of this variable`);
    }
    return value;
  }

  /** The one of some words that a member has; def if it has none, which is an error without a def. */
  word<T extends string>(name: string, def: T | undefined, words: T[]): T {
    const value = this.set.get(name) ?? def;
    if (value === undefined || !words.includes(value as T)) {
      throw new QueryError(name, `expected ${orWords(words)}, got ${value === undefined ? 'nothing' : quote(value)}`);
    }
    return value as T;
  }

  /** The items of a list, or the one; [] if they select all. Empty items need no example, or are refused. */
  list(name: string, example?: string): string[] {
    const value = this.set.get(name) ?? [];
    if (typeof value !== 'string' && !Array.isArray(value)) {
      throw new QueryError(name, `expected a string or a list of strings, got ${quote(value)}`);
    }
    const items: unknown[] = typeof value === 'string' ? [value] : value;
    if (items.length > MAX_ITEMS) {
      throw new QueryError(name, `expected at most ${MAX_ITEMS} items, got ${items.length}`);
    }
    items.forEach((item, i) => {
      const field = typeof value === 'string' ? name : `${name}[${i}]`;
      if (typeof item !== 'string') {
        throw new QueryError(field, `expected a string, got ${quote(item)}`);
      }
      if (item !== ALL && (item.includes('$') || item.includes('[['))) {
        throw new QueryError(field, `expected a name, got ${quote(item)}: nothing has put a value in the place of this variable`);
      }
    });
    if (items.includes(ALL)) {
      return [];
    }
    const empty = items.indexOf('');
    if (example && empty >= 0) {
      throw new QueryError(`${name}[${empty}]`, `expected ${example}, got ""`);
    }
    return items as string[];
  }

  /** A whole number from least to most, perhaps as digits. */
  number(name: string, def: number, least: number, most: number): number {
    const value = this.set.get(name) ?? def;
    const n = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
    if (typeof n !== 'number' || !Number.isInteger(n) || n < least || n > most) {
      throw new QueryError(name, `expected a whole number from ${least} to ${most}, got ${quote(value)}`);
    }
    return n;
  }

  powerOfTen(name: string): number {
    const n = this.number(name, LEAST_MILESTONE, LEAST_MILESTONE, 1e18);
    if (!/^10*$/.test(BigInt(n).toString())) {
      throw new QueryError(name, `expected a power of ten from ${LEAST_MILESTONE}, got ${n}`);
    }
    return n;
  }

  /** Finds members that do not belong to a query of that kind. */
  done(type: QueryType, format: Format, values?: Values) {
    const own: string[] = membersOf(type, format, values);
    const kind =
      type === 'overview' || type === 'repos' ? ` and format ${format}` : values ? ` and values ${values}` : '';
    for (const [name, value] of this.set) {
      if (!own.includes(name)) {
        throw new QueryError(
          name,
          `expected no such member in a query of type ${type}${kind}, got ${quote(value)}; remove it`
        );
      }
    }
  }
}

function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 80)}...` : text;
}

function orWords(words: string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words[words.length - 1]}`;
}
