import { Alert, Button, Stack } from '@grafana/ui';

import type { DataSource } from '../datasource';
import { decode, QueryError } from '../query/decode';
import type { AnalyticsQuery } from '../query/types';

interface Props {
  datasource: DataSource;
  query: AnalyticsQuery;
  /** A fault that was found before. */
  fault?: QueryError;
  onChange: (query: AnalyticsQuery) => void;
}

/** Says what the backend will refuse in a query, and offers to remove it. */
export function Problem({ datasource, query, fault, onChange }: Props) {
  const found = fault ?? check(datasource.applyTemplateVariables(query, {}));
  if (!found) {
    return null;
  }
  const member = found.field.replace(/\[\d+\]$/, '');
  const removable = member in query && member !== 'version';
  const remove = () => {
    const rest: Record<string, unknown> = { ...query };
    delete rest[member];
    onChange(rest as unknown as AnalyticsQuery);
  };
  return (
    <Alert
      severity="warning"
      bottomSpacing={0}
      title={found.field ? `This query will be refused: ${found.field}` : 'This query will be refused'}
    >
      <Stack direction="row" alignItems="center" justifyContent="space-between" gap={2}>
        <span>{found.problem}</span>
        {removable && <Button variant="secondary" size="sm" onClick={remove}>{`Remove ${member}`}</Button>}
      </Stack>
    </Alert>
  );
}

function check(query: AnalyticsQuery): QueryError | undefined {
  try {
    decode(query);
    return undefined;
  } catch (error) {
    if (error instanceof QueryError) {
      return error;
    }
    throw error;
  }
}
