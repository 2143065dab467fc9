import type { ComboboxOption } from '@grafana/ui';

import { QUERY_TYPES, TYPES, type Event, type Format, type GroupBy, type Interval, type Overlay, type Period, type QueryType, type ReadingNumber, type Sort, type Value, type Values } from '../query/model';

// The words of the query model, as they are shown.

const typeOptions = (types: QueryType[]): Array<ComboboxOption<QueryType>> =>
  types.map((value) => ({ value, label: TYPES[value].label, description: TYPES[value].description }));

/** The types that a panel can have. */
export const TYPE_OPTIONS = typeOptions(QUERY_TYPES.filter((type) => type !== 'variable'));

/** The types that have numbers for alert rules. */
export const ALERT_TYPE_OPTIONS = TYPE_OPTIONS.filter(({ value }) =>
  Object.entries(TYPES[value].formats).some(([format, { values }]) => values || format === 'time_series')
);

export const ANNOTATION_TYPE_OPTIONS = typeOptions(QUERY_TYPES.filter((type) => TYPES[type].events));

export const FORMAT_LABELS: Record<Format, string> = {
  totals: 'Totals',
  time_series: 'Time series',
  table: 'Table',
  launch: 'Launch curves',
};

export const PERIOD_OPTIONS: Array<ComboboxOption<Period>> = [
  { value: 'time_range', label: 'Dashboard time range' },
  { value: 'last_month', label: 'Last month', description: 'The 30 days that end with the last recorded day' },
  { value: 'all_time', label: 'All time', description: 'Every recorded day' },
];

const GROUP_OPTIONS: Array<ComboboxOption<GroupBy>> = [
  { value: 'none', label: 'Nothing', description: 'One sum' },
  { value: 'repo_type', label: 'Repo type', description: 'Models, datasets, ...' },
  { value: 'org', label: 'Organization' },
  { value: 'group', label: 'Group', description: "Groups of the exporter's configuration, which may overlap" },
];

/** The groupings that a type has. */
export const groupOptions = (type: QueryType) =>
  type === 'forecast' ? [...GROUP_OPTIONS, { value: 'repo' as const, label: 'Repository' }] : GROUP_OPTIONS;

export const EVENT_OPTIONS: Array<ComboboxOption<Event>> = [
  { value: 'record', label: 'Records', description: 'More downloads than on any day before' },
  { value: 'outlier', label: 'Outliers', description: 'Unlike the same weekdays of the 8 weeks before' },
];

export const INTERVAL_OPTIONS: Array<ComboboxOption<Interval>> = [
  { value: 'auto', label: 'Auto', description: 'As the width of the panel allows' },
  { value: 'day', label: 'Day' },
  { value: 'week', label: 'Week', description: 'From Monday' },
  { value: 'month', label: 'Month' },
];

/** What a series can be compared with. */
export const OVERLAY_OPTIONS: Array<ComboboxOption<Overlay>> = [
  { value: 'previous_period', label: 'Previous period', description: 'As many days, just before' },
  { value: 'previous_year', label: 'Previous year', description: '52 weeks before, or the same months' },
];

export const NUMBER_OPTIONS: Array<ComboboxOption<ReadingNumber>> = [
  { value: 'total', label: 'Total', description: 'Downloads of all time' },
  { value: 'last_month', label: 'Last month', description: 'Downloads of the last 30 days' },
  { value: 'likes', label: 'Likes' },
];

/** The numbers of a group or a repository. */
export const VALUE_OPTIONS: Array<ComboboxOption<Value>> = [
  { value: 'downloads', label: 'Downloads', description: 'In the period' },
  { value: 'before', label: 'Before', description: 'Downloads in the previous period' },
  { value: 'change', label: 'Change', description: 'From the previous period' },
  { value: 'change_percent', label: 'Change in percent' },
  { value: 'share', label: 'Share in percent', description: 'Of all selected types and organizations' },
  { value: 'rank', label: 'Rank', description: 'By downloads' },
  { value: 'total', label: 'Total', description: 'All-time downloads as counted by the Hub' },
  { value: 'days_since_record', label: 'Days since the last record' },
  { value: 'repos', label: 'Repositories', description: 'How many there are' },
  { value: 'last_month', label: 'Last 30 days', description: "The Hub's own number" },
  { value: 'likes', label: 'Likes' },
  { value: 'removed', label: 'Removed', description: 'Downloads that the Hub counted and later removed' },
  { value: 'backdated', label: 'Backdated', description: 'Downloads that the Hub added for days in the distant past' },
];

export const SORT_OPTIONS: Array<ComboboxOption<Sort>> = [
  { value: 'downloads', label: 'Downloads', description: 'In the period' },
  { value: 'total', label: 'Total', description: 'All-time downloads as counted by the Hub' },
  { value: 'change', label: 'Change', description: 'From the previous period' },
  { value: 'name', label: 'Name' },
  { value: 'removed', label: 'Removed', description: 'Downloads that the Hub counted and later removed' },
];

export const VARIABLE_SORT_OPTIONS = SORT_OPTIONS.filter((o) => o.value !== 'removed');

export const DIRECTION_OPTIONS = [
  { value: 'desc', label: 'Descending' },
  { value: 'asc', label: 'Ascending' },
];

export const EXPORT_ORDER_OPTIONS = [
  { value: 'time', label: 'Time', description: 'Day by day' },
  { value: 'repo', label: 'Repository', description: 'One repository after the other' },
];

export const VALUES_OPTIONS: Array<ComboboxOption<Values>> = [
  { value: 'repo', label: 'Repositories' },
  { value: 'org', label: 'Organizations' },
  { value: 'repo_type', label: 'Repo types' },
  { value: 'group', label: 'Groups' },
  { value: 'last_day', label: 'Last recorded day' },
  { value: 'page', label: 'Pages of repositories' },
  { value: 'period', label: 'Periods' },
  { value: 'source', label: 'Data source' },
];

/** The milestones that can be asked for, 1,000 up to 10,000,000,000. */
export const LEAST_OPTIONS: Array<ComboboxOption<number>> = [3, 4, 5, 6, 7, 8, 9, 10].map((power) => ({
  value: 10 ** power,
  label: (10 ** power).toLocaleString('en-US'),
}));
