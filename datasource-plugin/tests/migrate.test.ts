import { describe, expect, it } from 'vitest';

import { migrate } from '../src/query/migrate';
import type { AnalyticsQuery } from '../src/query/types';

const query = (version?: unknown) => ({ refId: 'A', queryType: 'overview', orgs: ['a'], version }) as AnalyticsQuery;

describe('stored queries', () => {
  it('without a version are of the first', () => {
    expect(migrate(query())).toEqual(query(1));
    expect(migrate(query(null))).toEqual(query(1));
    expect(migrate(query(''))).toEqual(query(1));
  });

  it('of this version stay as they are', () => {
    const stored = query(1);
    expect(migrate(stored)).toBe(stored);
    expect(migrate(query('1'))).toEqual(query('1'));
  });

  it('of a later version are refused, and say what to do', () => {
    expect(() => migrate(query(2))).toThrow('query field version: expected 1, got 2: a newer version of the plugin');
  });

  it('of a version that never was are refused', () => {
    expect(() => migrate(query(0))).toThrow('query field version: expected 1, got 0');
    expect(() => migrate(query('x'))).toThrow('query field version: expected 1, got "x"');
  });
});
