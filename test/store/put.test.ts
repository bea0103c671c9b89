import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { putInteger, putStamp, putText, stampOf } from '../../src/store/put.ts';

describe('putInteger', () => {
  test('writes what String gives, and says where it ends', () =>
    fc.assert(
      fc.property(
        fc.oneof(fc.maxSafeNat(), fc.nat(), fc.constantFrom(0, 9, 10, 999_999_999, 1_000_000_000, 2 ** 31, 2 ** 32 - 1, 2 ** 53)),
        (value) => {
          const buffer = Buffer.alloc(32);
          expect(buffer.toString('latin1', 5, putInteger(buffer, 5, value))).toBe(String(value));
        },
      ),
    ));
});

describe('putText', () => {
  test('writes UTF-8, short and long', () =>
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const buffer = Buffer.alloc(1000);
        expect(buffer.toString('utf8', 3, putText(buffer, 3, text))).toBe(text.toWellFormed());
      }),
    ));
});

describe('putStamp', () => {
  test('writes the text, and at most three bytes behind it', () =>
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), (text) => {
        const bytes = Buffer.alloc(64, '#');
        const end = putStamp(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 5, stampOf(text));
        expect(bytes.toString('latin1', 5, end)).toBe(text);
        expect(bytes.toString('latin1', 0, 5)).toBe('#####');
        expect(bytes.toString('latin1', end + 3)).toBe('#'.repeat(61 - end));
      }),
    ));
});
