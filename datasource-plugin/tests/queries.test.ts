import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

import { isEmpty } from '../src/query/defaults';
import { decode, QueryError, type Decoded } from '../src/query/decode';
import { interpolate } from '../src/query/interpolate';
import { migrate } from '../src/query/migrate';
import { fakeTemplates } from './fakeTemplates';

const FOLDER = path.join(__dirname, '../testdata/queries');

const read = (kind: string) =>
  readdirSync(path.join(FOLDER, kind))
    .filter((name) => name.endsWith('.json'))
    .map((name) => ({ name, ...JSON.parse(readFileSync(path.join(FOLDER, kind, name), 'utf8')) }));

/**
 * The members of what the backend decodes that do not depend on the time range, by
 * the same rule: those without a value are left out.
 */
function meaning(decoded: Record<string, unknown>, asked: { interval?: string }) {
  const { days: _, interval, ...rest } = decoded;
  const members = { ...rest, interval: isEmpty(asked.interval) || asked.interval === 'auto' ? undefined : interval };
  return Object.fromEntries(Object.entries(members).filter(([, v]) => !isEmpty(v) && v !== 0 && v !== false));
}

describe('the examples that the backend decodes', () => {
  const valid = read('valid');
  const invalid = read('invalid');

  it('are there', () => {
    expect(valid.length).toBeGreaterThan(10);
    expect(invalid.length).toBeGreaterThan(10);
  });

  for (const { name, query, decoded } of valid) {
    it(`${name} means the same here`, () => {
      const d: Decoded = decode(query);
      expect(meaning({ ...d }, query)).toEqual(meaning(decoded, query));
    });

    it(`${name} means the same after the editor has had it`, () => {
      const edited = interpolate(migrate(query), fakeTemplates({}));
      expect(decode(edited)).toEqual(decode(query));
    });
  }

  for (const { name, query, field } of invalid) {
    it(`${name} is refused for ${field}`, () => {
      let fault: unknown;
      try {
        decode(query);
      } catch (error) {
        fault = error;
      }
      expect(fault).toBeInstanceOf(QueryError);
      expect((fault as QueryError).field).toBe(field);
    });
  }
});

describe('faults', () => {
  it('say what was expected and what came', () => {
    expect(() => decode({ queryType: 'repos', limit: '1x' })).toThrow(
      'query field limit: expected a whole number from 1 to 10000, got "1x"'
    );
    expect(() => decode([])).toThrow('query: expected a JSON object, got []');
  });
});
