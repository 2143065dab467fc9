/** A value that can be picked, and how it is shown. */
export interface Item {
  value: string;
  text: string;
}

/** What a look-up found: the first items, and how many match. */
export interface Found {
  items: Item[];
  matched: number;
}

/** Narrows a look-up; lists that are empty select all. */
export interface Narrowing {
  repoTypes?: string[];
  orgs?: string[];
  groups?: string[];
}

type Get = (path: string, params: Record<string, unknown>) => Promise<Found>;

/** How many items a look-up gives at once. */
export const PAGE = 50;

/** What the backend knows of, for the editors to offer. */
export class Lookups {
  constructor(private readonly get: Get) {}

  repoTypes(): Promise<Found> {
    return this.get('repo-types', {});
  }

  /** The organizations with a part of their name, case ignored. */
  organizations(search: string): Promise<Found> {
    return this.get('organizations', { search });
  }

  /** The groups with a part of their name, case ignored. */
  groups(search: string): Promise<Found> {
    return this.get('groups', { search });
  }

  /** The repositories with a part of their full name. */
  repos(search: string, { repoTypes = [], orgs = [], groups = [] }: Narrowing = {}): Promise<Found> {
    return this.get('repos', { search, org: orgs, repo_type: repoTypes, group: groups, limit: PAGE, offset: 0 });
  }
}
