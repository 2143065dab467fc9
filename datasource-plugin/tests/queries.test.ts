import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

import { isEmpty, pruned } from '../src/query/defaults';
import { interpolate } from '../src/query/interpolate';
import { formatOf, formatsOf, MEMBERS, membersOf, QUERY_TYPES, typeOf } from '../src/query/model';
import { decode, NotAMember } from './decode';
import { fakeTemplates } from './fakeTemplates';

const FOLDER = path.join(__dirname, '../testdata/queries');

const read = (kind: string) =>
  readdirSync(path.join(FOLDER, kind))
    .filter((name) => name.endsWith('.json'))
    .map((name) => ({ name, ...JSON.parse(readFileSync(path.join(FOLDER, kind, name), 'utf8')) }));

describe('the examples that the backend decodes', () => {
  const valid = read('valid');
  const invalid = read('invalid');

  it('are there', () => {
    expect(valid.length).toBeGreaterThan(10);
    expect(invalid.length).toBeGreaterThan(10);
  });

  it('have every type, format and member', () => {
    const kinds = new Set(valid.map(({ query }) => `${typeOf(query)} ${formatOf(query)}`));
    expect([...kinds].sort()).toEqual(QUERY_TYPES.flatMap((t) => formatsOf(t).map((f) => `${t} ${f}`)).sort());
    const members = new Set(valid.flatMap(({ query }) => Object.keys(query)));
    expect(MEMBERS.filter((member) => !members.has(member))).toEqual([]);
  });

  for (const { name, query, decoded } of valid) {
    it(`${name} means the same here`, () => {
      // The days, and the interval that "auto" is, depend on the time range.
      const { days: _, interval, ...want } = decoded;
      const auto = isEmpty(query.interval) || query.interval === 'auto';
      expect(decode(query)).toEqual(interval ? { ...want, interval: auto ? 'auto' : interval } : want);
    });

    it(`${name} means the same after the editor has had it`, () => {
      expect(decode(pruned(interpolate(query, fakeTemplates({}))))).toEqual(decode(query));
    });
  }

  for (const { name, query, field } of invalid) {
    // What is wrong with a value is the backend's to say.
    const known = QUERY_TYPES.includes(typeOf(query)) && formatsOf(typeOf(query)).includes(formatOf(query));
    const member = field.replace(/\[\d+\]$/, '');
    if (!known || (membersOf(typeOf(query), formatOf(query), query.values) as string[]).includes(member)) {
      continue;
    }
    it(`${name} has a member that does not belong to it`, () => {
      expect(() => decode(query)).toThrow(new NotAMember(field));
    });
  }
});
