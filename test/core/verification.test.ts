import { expect, test } from 'vitest';
import { firstDifference, rowAt } from '../../src/core/verification.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);

test('the first difference of two texts', () => {
  expect(firstDifference(bytes('abc'), bytes('abd'))).toBe(2);
  expect(firstDifference(bytes('abc'), bytes('abcd'))).toBe(3);
  expect(firstDifference(bytes('abc'), bytes('abc'))).toBe(3);
  expect(firstDifference(bytes(''), bytes('a'))).toBe(0);
});

test('the row that a byte is in: line feeds within quotes of CSV are part of it', () => {
  const csv = bytes('a,1\n"b\n""b",2\nc,3\n');
  expect(rowAt(csv, 0, 'csv')).toEqual({ number: 0, start: 0, end: 3 });
  expect(rowAt(csv, 3, 'csv')).toEqual({ number: 0, start: 0, end: 3 });
  expect(rowAt(csv, 8, 'csv')).toEqual({ number: 1, start: 4, end: 13 });
  expect(rowAt(csv, 8, 'ndjson')).toEqual({ number: 2, start: 7, end: 13 });
  expect(rowAt(csv, 14, 'csv')).toEqual({ number: 2, start: 14, end: 17 });
  expect(rowAt(csv, 18, 'csv')).toEqual({ number: 3, start: 18, end: 18 });
});
