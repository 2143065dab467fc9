import type { ComboboxOption } from '@grafana/ui';

import type { Format, GroupBy, Interval, Period, QueryType, Sort, Values } from '../query/types';

// The words of the query model, as they are shown.

export const TYPE_OPTIONS: Array<ComboboxOption<QueryType>> = [
  { value: 'overview', label: 'Overview', description: 'Sums over all selected repositories' },
  { value: 'repos', label: 'Repositories', description: 'One row or one series for each repository' },
  { value: 'export', label: 'Daily records', description: 'One row for each repository and day, as in the CSV file' },
  { value: 'milestones', label: 'Milestones', description: 'Days on which a repository passed 1,000, 10,000, ... downloads' },
  { value: 'corrections', label: 'Corrections', description: 'Times at which the Hub took downloads back' },
];

export const ANNOTATION_TYPE_OPTIONS = TYPE_OPTIONS.filter((o) => o.value === 'milestones' || o.value === 'corrections');

export const FORMAT_LABELS: Record<Format, string> = {
  totals: 'Totals',
  time_series: 'Time series',
  table: 'Table',
};

export const PERIOD_OPTIONS: Array<ComboboxOption<Period>> = [
  { value: 'time_range', label: 'Dashboard time range' },
  { value: 'last_month', label: 'Last month', description: 'The 30 days that end with the last recorded day' },
  { value: 'all_time', label: 'All time', description: 'Every recorded day' },
];

export const GROUP_OPTIONS: Array<ComboboxOption<GroupBy>> = [
  { value: 'none', label: 'Nothing', description: 'One sum' },
  { value: 'repo_type', label: 'Repo type', description: 'Models, datasets, ...' },
  { value: 'org', label: 'Organization' },
];

export const INTERVAL_OPTIONS: Array<ComboboxOption<Interval>> = [
  { value: 'auto', label: 'Auto', description: 'As the width of the panel allows' },
  { value: 'day', label: 'Day' },
  { value: 'week', label: 'Week', description: 'From Monday' },
  { value: 'month', label: 'Month' },
];

export const SORT_OPTIONS: Array<ComboboxOption<Sort>> = [
  { value: 'downloads', label: 'Downloads', description: 'In the period' },
  { value: 'total', label: 'Total', description: 'All downloads, as the Hub counts them' },
  { value: 'change', label: 'Change', description: 'Against the period before' },
  { value: 'name', label: 'Name' },
  { value: 'corrected', label: 'Corrected', description: 'Downloads that the Hub took back' },
];

export const VARIABLE_SORT_OPTIONS = SORT_OPTIONS.filter((o) => o.value !== 'corrected');

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
];

/** The milestones that can be asked for, 1,000 up to 10,000,000,000. */
export const LEAST_OPTIONS: Array<ComboboxOption<number>> = [3, 4, 5, 6, 7, 8, 9, 10].map((power) => ({
  value: 10 ** power,
  label: (10 ** power).toLocaleString('en-US'),
}));
