import { existsSync, writeFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { sortKeys } from '../../src/core/arrangement.ts';
import { sortValue } from '../../src/formats/sort-value.ts';
import { RowStore } from '../../src/store/row-store.ts';
import { newFolder } from './folder.ts';

const folder = newFolder();

const number = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true }),
  fc.constantFrom(0, -1, 10, 9, 1e21, 2 ** 53, 0.5),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
);
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 6 }).map((value) => value.toWellFormed().replaceAll('\0', '')),
  fc.constantFrom('a', 'b', 'é', '😀', '\u{ffff}', '10', '9', '007'),
);
const nothing = fc.constantFrom(null, undefined, '');
/** A column of numbers, or of anything; here and there without a value. */
const column = fc.oneof(
  fc.array(fc.oneof({ weight: 8, arbitrary: number }, nothing, fc.constantFrom('1.50', '+3', '-7', 'Infinity', 'NaN', Number.NaN)), {
    minLength: 12,
    maxLength: 12,
  }),
  fc.array(fc.oneof({ weight: 3, arbitrary: text }, number, nothing), { minLength: 12, maxLength: 12 }),
);

/** Code points in the order of their UTF-8 bytes. */
const byCodePoint = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

function expected(columns: readonly (readonly unknown[])[], descending: readonly boolean[]): number[] {
  const values = columns.map((all) => all.map((value) => sortValue(value, 'c')));
  const isNumeric = values.map((all) => all.every(({ rank, number: found }) => rank !== 0 || found !== null));
  const compare = (a: number, b: number): number => {
    for (const [at, all] of values.entries()) {
      const [x, y] = [all[a], all[b]];
      if (!x || !y) continue;
      if (x.rank !== y.rank) return x.rank - y.rank;
      if (x.rank !== 0) continue;
      const order = isNumeric[at] ? (x.number === y.number ? 0 : (x.number ?? 0) < (y.number ?? 0) ? -1 : 1) : byCodePoint(x.text, y.text);
      if (order !== 0) return descending[at] ? -order : order;
    }
    return a - b;
  };
  return Array.from({ length: 12 }, (_, n) => n).toSorted(compare);
}

test('sorts by numbers where all are numbers, else by code point; stable; what is not there comes last', () => {
  fc.assert(
    fc.property(fc.tuple(column, column), fc.tuple(fc.boolean(), fc.boolean()), (columns, descending) => {
      const file = folder.name('.tmp');
      const store = new RowStore(file, sortKeys(descending.map((isDown, at) => `c${at}${isDown ? ':desc' : ''}`)));
      try {
        for (let row = 0; row < 12; row++)
          store.add(
            null,
            `${row} é\0`,
            columns.map((all) => sortValue(all[row], 'c')),
          );
        expect([...store.sorted()]).toEqual(expected(columns, descending).map((row) => `${row} é\0`));
      } finally {
        store.close();
      }
      expect(existsSync(file)).toBe(false);
    }),
    { numRuns: 60 },
  );
});

test('lists rows whose key is there twice, key by key; overwrites what a killed process has left', () => {
  const file = folder.name('.tmp');
  writeFileSync(file, 'not a database');
  const store = new RowStore(file, []);
  for (const key of ['b', 'a', 'c', 'a', 'b', 'b']) store.add(key, null, []);
  const asked: number[] = [];
  const found = [...store.duplicates((row) => `${asked.push(row)}:${row}`)];
  expect(found.map(({ key, place }) => `${key} ${place.split(':')[1]}`)).toEqual(['b 0', 'b 4', 'b 5', 'a 1', 'a 3']);
  expect(asked).toEqual([0, 1, 3, 4, 5]);
  store.close();
});
