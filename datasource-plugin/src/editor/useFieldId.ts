import { useId } from 'react';

/** The id of an input, for its label; there may be several editors on a page. */
export function useFieldId(name: string): string {
  return `publisher-analytics-${name}-${useId()}`;
}
