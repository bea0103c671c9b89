import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createColumnUnion } from '../../src/formats/columns.ts';

test('the union of keys, in order of first appearance, from lines and objects', () => {
  const union = createColumnUnion();
  expect(union.columns()).toEqual([]);
  union.add('{"b":1,"a":2}');
  union.add('{"b":1,"a":2}');
  union.add({ a: 1, c: null });
  union.add({ a: 1 });
  union.add('{}');
  union.add('{"a":1,"c":2,"b":3,"__proto__":4}');
  expect(union.columns()).toEqual(['b', 'a', 'c', '__proto__']);
});

test('says which line is no row', () => {
  const union = createColumnUnion();
  union.add('{}');
  expect(() => union.add('[]')).toThrow('row 2 is not a JSON object: a row must be an object such as { name: value }, not an array');
  expect(() => union.add([])).toThrow('a row must be an object such as { name: value }, not an array');
});

test('is the same as a set of all keys, for any rows', () => {
  const rows = fc.array(fc.dictionary(fc.constantFrom('a', 'b', 'c', '1', '0', '__proto__'), fc.constant(1), { noNullPrototype: true }));
  fc.assert(
    fc.property(rows, fc.boolean(), (all, asText) => {
      const union = createColumnUnion();
      for (const row of all) union.add(asText ? JSON.stringify(row) : row);
      expect(union.columns()).toEqual([...new Set(all.flatMap((row) => Object.keys(row)))]);
    }),
  );
});
