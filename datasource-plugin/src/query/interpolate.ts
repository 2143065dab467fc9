import type { ScopedVars } from '@grafana/data';

import { withMembers } from './defaults';
import { MEMBERS, type AnalyticsQuery, type List, type Member } from './model';
import { expand, hasVariable, type Variables } from './variables';

const LISTS: Member[] = ['repoTypes', 'orgs', 'repos', 'groups'];

/**
 * Returns the query with values in the place of its dashboard variables. A variable
 * that is set to "All" selects all; one that is empty counts as not being there. In
 * a member that is one value, several values are joined with commas.
 */
export function interpolate(query: AnalyticsQuery, variables: Variables, scopedVars?: ScopedVars): AnalyticsQuery {
  const changed: Partial<Record<Member, unknown>> = {};
  for (const member of MEMBERS) {
    const value = query[member];
    if (value === undefined || value === null) {
      continue;
    }
    if (LISTS.includes(member)) {
      changed[member] = interpolateList(value as List, variables, scopedVars);
    } else if (typeof value === 'string') {
      changed[member] = interpolateText(value, variables, scopedVars);
    }
  }
  return withMembers(query, changed as Partial<AnalyticsQuery>);
}

/** Returns the items of a list; [] selects all. Items without a variable stay as they are, '' too. */
export function interpolateList(list: List, variables: Variables, scopedVars?: ScopedVars): string[] {
  const items = new Set<string>();
  for (const item of typeof list === 'string' ? [list].filter((text) => text !== '') : list) {
    if (typeof item !== 'string' || !hasVariable(item)) {
      items.add(item);
      continue;
    }
    const { values, all } = expand(item, variables, scopedVars);
    if (all) {
      return [];
    }
    values.filter((value) => value !== '').forEach((value) => items.add(value));
  }
  return [...items];
}

function interpolateText(text: string, variables: Variables, scopedVars?: ScopedVars): string {
  return hasVariable(text) ? expand(text, variables, scopedVars).values.join(',') : text;
}
