import type { DataSource } from '../datasource';
import { typeOf, type AnalyticsQuery } from '../query/model';
import { PickField } from './PickField';
import { TextField } from './TextField';

interface Props {
  datasource: DataSource;
  query: AnalyticsQuery;
  onChange: (members: Partial<AnalyticsQuery>) => void;
}

/** How an organization without a name is shown: that of legacy repositories such as gpt2. */
const NO_ORGANIZATION = '(no organization)';

/** The repositories that a query is about. */
export function FilterFields({ datasource, query, onChange }: Props) {
  const { lookups } = datasource;
  const variables = datasource.variableNames();
  const { values } = query;
  // A variable does not list what it is itself made of.
  const lists = typeOf(query) === 'variable' ? values : undefined;

  const findRepos = async (search: string) => {
    const { repoTypes, orgs, groups } = datasource.applyTemplateVariables(query, {});
    const found = await lookups.repos(search, { repoTypes: listed(repoTypes), orgs: listed(orgs), groups: listed(groups) });
    // A model and a dataset may share a name; the name selects both.
    return [...new Map(found.items.map((item) => [item.value, item])).values()];
  };

  return (
    <>
      {lists !== 'repo_type' && (
        <PickField
          name="repo-types"
          label="Repo types"
          tooltip="Models, datasets, ...; empty for all."
          width={24}
          value={query.repoTypes}
          variables={variables}
          find={async (search) =>
            (await lookups.repoTypes()).items.filter((item) => item.text.toLowerCase().includes(search.toLowerCase()))
          }
          onChange={(repoTypes) => onChange({ repoTypes })}
        />
      )}
      {lists !== 'org' && (
        <PickField
          name="organizations"
          label="Organizations"
          tooltip="Organizations or users on the Hub; empty for all. Type to search."
          width={34}
          value={query.orgs}
          variables={variables}
          empty={NO_ORGANIZATION}
          find={async (search) => (await lookups.organizations(search)).items}
          onChange={(orgs) => onChange({ orgs })}
        />
      )}
      {lists !== 'repo' && (
        <PickField
          name="repos"
          label="Repositories"
          tooltip="Full names like org/name; empty for all. The 50 with the most downloads are offered; type to search the others."
          width={38}
          value={query.repos}
          variables={variables}
          find={findRepos}
          onChange={(repos) => onChange({ repos })}
        />
      )}
      {lists !== 'group' && (
        <PickField
          name="groups"
          label="Groups"
          tooltip="Groups of repositories in the configuration of the exporter; empty for all."
          width={24}
          value={query.groups}
          variables={variables}
          find={async (search) => (await lookups.groups(search)).items}
          onChange={(groups) => onChange({ groups })}
        />
      )}
      <TextField
        name="search"
        label="Name contains"
        tooltip="A part of the full name; upper and lower case are alike."
        placeholder="Any"
        value={query.search ?? ''}
        onCommit={(search) => onChange({ search })}
      />
    </>
  );
}

function listed(list: AnalyticsQuery['orgs']): string[] {
  return typeof list === 'string' ? [list] : (list ?? []);
}
