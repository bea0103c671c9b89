import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson, defaultKey } from '../../src/core/key.ts';

/** The same value with the fields of every object in another order. */
function reversedFields(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversedFields);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([name, field]) => [name, reversedFields(field)]),
  );
}

describe('canonicalJson', () => {
  test('sorts fields at every depth by UTF-16 unit', () => {
    expect(canonicalJson({ b: [{ z: 1, a: null }], a: 'x', 10: 1, 9: 2, Ä: 3, B: 4 })).toBe(
      '{"10":1,"9":2,"B":4,"a":"x","b":[{"a":null,"z":1}],"Ä":3}',
    );
  });

  test('is the same for any order of fields', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(canonicalJson(reversedFields(value))).toBe(canonicalJson(value));
      }),
    );
  });

  test('says what JSON says', () => {
    fc.assert(
      fc.property(fc.object({ withDate: true, withNullPrototype: true, withBoxedValues: true, withSparseArray: true }), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test('tells different values apart', () => {
    const value = fc.jsonValue({ maxDepth: 2 });
    fc.assert(
      fc.property(value, value, (a, b) => {
        const same = canonicalJson(a) === canonicalJson(b);
        // JSON does not know -0.
        if (same) expect(JSON.parse(JSON.stringify(a))).toEqual(JSON.parse(JSON.stringify(b)));
        else expect(a).not.toStrictEqual(b);
      }),
    );
  });

  test('keeps a field named __proto__', () => {
    expect(canonicalJson(JSON.parse('{"b":1,"__proto__":{"y":1,"x":2}}'))).toBe('{"__proto__":{"x":2,"y":1},"b":1}');
  });

  test('escapes lone surrogates', () => {
    expect(canonicalJson({ a: '\ud800' })).toBe(String.raw`{"a":"\ud800"}`);
  });

  test.each([undefined, () => 1, Symbol('s'), 1n])('refuses %s', (value) => {
    expect(() => canonicalJson(value)).toThrow(TypeError);
  });

  test('refuses a cycle', () => {
    const value: Record<string, unknown> = {};
    value['self'] = value;
    expect(() => canonicalJson(value)).toThrow(RangeError);
  });
});

describe('defaultKey', () => {
  test('is the string itself', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(defaultKey(text)).toBe(text);
      }),
    );
  });

  test.each([
    [7, '7'],
    [null, 'null'],
    [true, 'true'],
    [['a', 1], '["a",1]'],
    [{ b: 1, a: 2 }, '{"a":2,"b":1}'],
  ])('of %j is its canonical JSON', (item, key) => {
    expect(defaultKey(item)).toBe(key);
  });
});
