import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson, defaultKey } from '../../src/core/key.ts';
import { freezeItems } from '../../src/input/freeze.ts';
import { openFrozen } from '../../src/input/reader.ts';
import { complaint, fileWith, frozen, listOf, TWINS, temporaryFolder } from './files.ts';

const folder = temporaryFolder();
/** What is wrong with these items. */
const wrong = (items: Iterable<unknown>, key?: (item: unknown) => unknown): Promise<string> =>
  complaint(folder, () => frozen(folder, items, key));

test('writes a line an item, and says what it wrote', async () => {
  const { file, ...result } = await frozen(folder, ['AAPL', { symbol: 'MSFT' }, 7], (item) => (typeof item === 'object' ? 'M' : item));
  const text = '{"key":"AAPL","item":"AAPL"}\n{"key":"M","item":{"symbol":"MSFT"}}\n{"key":"7","item":7}\n';
  expect(readFileSync(file, 'utf8')).toBe(text);
  const sha256 = createHash('sha256').update(text).digest('hex');
  expect(result).toEqual({ count: 3, bytes: text.length, sha256, firstKey: 'AAPL', lastKey: '7' });
});

test('what is frozen is read back: any keys, any JSON', async () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', minLength: 1 }),
    fc.string({ unit: fc.constantFrom('"', '\\', '\n', '\u2028', '\ud800', '\udc00', '😀', 'é', 'a', '\0', ',"item":'), minLength: 1 }),
    fc.string({ minLength: 990, maxLength: 1000 }),
  );
  const item = fc.oneof(text, fc.jsonValue());
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.tuple(text, item), { selector: ([key]) => key, minLength: 1, maxLength: 300 }), async (pairs) => {
      const keys = pairs.map(([key]) => key);
      let at = 0;
      const { file, count, firstKey, lastKey } = await frozen(
        folder,
        pairs.map(([, value]) => value),
        () => keys[at++],
      );
      const reader = openFrozen(file);
      const expected = pairs.map(([key, value], index) => ({ index, key, item: JSON.parse(JSON.stringify(value)) as unknown }));
      expect([...reader.read([[0, count]])]).toEqual(expected);
      expect([...reader.readKeys()]).toEqual(expected.map(({ index, key }) => ({ index, key })));
      expect([firstKey, lastKey]).toEqual([pairs[0]?.[0], pairs.at(-1)?.[0]]);
      reader.close();
    }),
  );
});

test('a string is its own key, whatever is in it', async () => {
  const text = fc.string({ unit: fc.oneof(fc.constantFrom('"', '\\', '\ud800', 'é', '"}', '","item":"'), fc.string()), minLength: 1 });
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(text.filter(Boolean), { minLength: 1 }), async (items) => {
      const reader = openFrozen((await frozen(folder, items)).file);
      expect(Array.from(reader.read([[0, items.length]]), (read) => [read.key, read.item])).toEqual(items.map((item) => [item, item]));
      reader.close();
    }),
  );
});

test('reads no item behind the limit', async () => {
  const result = await freezeItems({ items: endless(), key: defaultKey, limit: 3, file: join(folder, 'limited') });
  expect(result).toMatchObject({ count: 3, lastKey: '2' });
});

test('an object that is there twice in an item is no cycle', async () => {
  const shared = { a: [1] };
  const reader = openFrozen((await frozen(folder, [{ x: shared, y: [shared, shared] }])).file);
  expect(reader.read([[0, 1]]).next().value?.item).toEqual({ x: shared, y: [shared, shared] });
  reader.close();
});

test('a list shorter than the limit is taken whole', async () => {
  const file = join(folder, 'short');
  expect(await freezeItems({ items: [{ item: 'a' }], key: defaultKey, limit: 3, file })).toMatchObject({ count: 1 });
});

describe('refuses', () => {
  test('an empty list', async () => expect(await wrong([])).toContain('there are no items'));

  const circular: Record<string, unknown> = { name: 'x' };
  circular['self'] = { again: circular };
  let deep: unknown = 0;
  for (let depth = 0; depth < 100_000; depth++) deep = [deep];
  test.each([
    ['undefined', undefined, 'item 1 (counted from 0) is undefined'],
    ['a function', () => 1, 'item 1 (counted from 0) is a function'],
    ['a symbol', Symbol('s'), 'is a symbol'],
    ['a bigint', 5n, 'is a bigint'],
    ['a bigint inside', { price: { amount: [5n] } }, 'holds something that JSON cannot: .price.amount[0] is a bigint'],
    ['NaN', { price: Number.NaN }, '.price is NaN'],
    ['a hole', [1, undefined], '[1] is undefined'],
    ['a method', { run: () => 1 }, '.run is a function'],
    ['a Map', { index: new Map([[1, 2]]) }, '.index is a Map'],
    ['bytes', new Uint8Array(2), 'is a Uint8Array'],
    ['a cycle', circular, '.self.again contains itself'],
    ['depth', deep, 'nested too deeply'],
    ['a throwing toJSON', { toJSON: () => expect.fail('no') }, 'cannot be written as JSON: no'],
  ])('%s', async (_, item, message) => expect(await wrong(['good', item], (key) => (key === 'good' ? 1 : 2))).toContain(message));

  test.each([
    ['an empty string', '', 'gave an empty string'],
    ['undefined', undefined, 'gave undefined'],
    ['null', null, 'gave null'],
    ['NaN', Number.NaN, 'gave NaN'],
    ['an object', {}, 'gave an object'],
    ['a promise', Promise.resolve('a'), 'gave a promise'],
  ])('%s as a key', async (_, key, message) =>
    expect(await wrong(['a'], () => key)).toContain(`item 0 (counted from 0) has no key: \`key\` ${message}`),
  );

  test('a key that throws', async () => {
    expect(await wrong([null], (item) => (item as { symbol: string }).symbol)).toMatch(
      /has no key: `key` threw Cannot read properties of null/,
    );
  });

  test('an item of a file by its line', async () => {
    const items = listOf(fileWith(folder, '{"id":"a"}\n\n{"name":"b"}\n', '.jsonl'));
    const text = await complaint(folder, () => freezeItems({ items, key: idOf, file: join(folder, 'x') }));
    expect(text).toMatch(/^items-\d+\.jsonl:3: this item has no key: `key` gave undefined: let `key`/);
  });

  test('and leaves nothing behind', async () => {
    const before = readdirSync(folder);
    await wrong(['a', 'a']);
    await wrong(['a', undefined]);
    await wrong([]);
    expect(readdirSync(folder)).toEqual(before);
  });

  test('a source that fails, with its own error', async () => {
    const file = join(folder, 'failed');
    await expect(freezeItems({ items: failing(), key: defaultKey, file })).rejects.toThrow(new TypeError('broken source'));
    expect(existsSync(file)).toBe(false);
  });
});

describe('duplicate keys', () => {
  test('are named with both positions', async () => {
    expect(await wrong(['a', 'b', 'a'])).toBe(
      'an item has the same key as an earlier one: "a" (items 0 and 2, counted from 0): remove the repeated items, or give a `key` (or --key FIELD) that tells them apart',
    );
  });

  test('are named with both lines, at the second', async () => {
    const items = listOf(fileWith(folder, 'a\n\n\nb\nc\n\nb\n', '.txt'));
    const text = await complaint(folder, () => freezeItems({ items, key: defaultKey, file: join(folder, 'x') }));
    expect(text).toMatch(/^items-\d+\.txt:7: an item has the same key as an earlier one: "b" \(lines 4 and 7\): /);
  });

  test('are counted, and five are shown in the order of the list', async () => {
    const items = Array.from({ length: 1000 }, (_, at) => `k${at % 990}`);
    const text = await wrong(['k3', ...items]);
    expect(text).toContain('11 items have the same key');
    expect(text).toContain('"k3" (items 0 and 4, counted from 0), "k0" (items 1 and 991, counted from 0), "k1"');
    expect(text.match(/items \d+ and/g)).toHaveLength(5);
    expect(text).toContain(', …:');
  });

  test('one key many times is one example', async () => {
    const text = await wrong(Array.from({ length: 100 }, () => 'same'));
    expect(text).toContain('99 items have the same key');
    expect(text.match(/items \d+ and/g)).toHaveLength(1);
  });

  test('a number and its string are the same key', async () => expect(await wrong([7, '7'])).toContain('"7"'));

  test('a long key is shortened', async () => {
    const text = await wrong([{ a: 'x'.repeat(5000) }, { a: 'x'.repeat(5000) }]);
    expect(text.length).toBeLessThan(400);
  });

  test('are no keys whose hashes happen to be equal', async () => {
    expect((await frozen(folder, ['a', ...TWINS])).count).toBe(3);
    expect(await wrong([...TWINS, 'a', TWINS[1]])).toContain(`an item has the same key as an earlier one: "${TWINS[1]}" (items 1 and 3`);
  });

  test('are found among very many others', async () => {
    const items = Array.from({ length: 300_000 }, (_, at) => `k${at}`);
    const text = await wrong([...items, 'k0', 'k299999']);
    expect(text).toContain(
      '2 items have the same key as an earlier one: "k0" (items 0 and 300000, counted from 0), "k299999" (items 299999 and 300001,',
    );
  });

  test('too many to remember are still refused', async () => {
    const text = await wrong(Array.from({ length: 240_000 }, (_, at) => `k${at % 120_000}`));
    expect(text).toContain('120000 items have the same key');
  });

  test('exactly the lists with equal keys are refused', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(40), { minLength: 1, maxLength: 12 }), async (items) => {
        const unique = new Set(items).size;
        const text = unique === items.length ? undefined : await wrong(items);
        if (unique === items.length) expect((await frozen(folder, items)).count).toBe(items.length);
        else if (items.length - unique === 1) expect(text).toContain('an item has');
        else expect(text).toContain(`${items.length - unique} items have`);
      }),
    );
  });
});

test('records without a key are told apart by their content, whatever the order of fields', async () => {
  const records = [
    { a: 1, b: 2 },
    { b: 3, a: 1 },
  ];
  const reader = openFrozen((await frozen(folder, records)).file);
  expect(Array.from(reader.readKeys(), ({ key }) => key)).toEqual(records.map(canonicalJson));
  reader.close();
  expect(
    await wrong([
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ]),
  ).toContain('same key');
});

const idOf = (item: unknown): unknown => (item as { id: unknown }).id;

function* endless(): Generator<{ item: number }> {
  for (let item = 0; ; item++) {
    if (item > 2) throw new Error('read too far');
    yield { item };
  }
}

async function* failing(): AsyncGenerator<{ item: string }> {
  yield { item: 'a' };
  throw new TypeError('broken source');
}
