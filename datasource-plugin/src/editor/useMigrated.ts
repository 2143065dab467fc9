import { useMemo } from 'react';

import { QueryError } from '../query/decode';
import { migrate } from '../query/migrate';
import type { AnalyticsQuery } from '../query/types';

interface Migrated {
  query: AnalyticsQuery;
  /** Why it could not be migrated; the query is as it was stored then. */
  fault?: QueryError;
}

/** The query in today's version. It is stored again with the next change. */
export function useMigrated(stored: AnalyticsQuery): Migrated {
  return useMemo(() => {
    try {
      return { query: migrate(stored) };
    } catch (error) {
      if (error instanceof QueryError) {
        return { query: stored, fault: error };
      }
      throw error;
    }
  }, [stored]);
}
