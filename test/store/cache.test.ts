import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { UserError } from '../../src/core/errors.ts';
import { packValue, unpackValue } from '../../src/store/cache-entry.ts';
import { SqliteCache } from '../../src/store/cache-sqlite.ts';
import { folder } from '../cli/support.ts';
import { soakCache } from '../support/cache-soak.ts';

const hashOf = (name: string): string => Buffer.from(name.padEnd(32, '.')).toString('hex');
const fileIn = (cache: string): string => join(cache, 'calls', 'cache.sqlite');

async function open(cache = folder(), maxBytes = 1e9) {
  const warnings: string[] = [];
  const store = await SqliteCache.open({ kind: 'sqlite', folder: cache, maxBytes }, (message) => warnings.push(message));
  const get = async (name: string): Promise<unknown> => {
    const entry = await store.get(hashOf(name));
    return entry && unpackValue(entry);
  };
  const set = async (name: string, value: unknown, ttl?: number): Promise<void> => store.set(hashOf(name), packValue(value), ttl);
  return { cache, store, warnings, get, set };
}

test('values of 1 byte to 10 MiB come back from another connection as they were; larger ones are refused', async () => {
  const values: Record<string, unknown> = {
    digit: 1,
    text: 'ä\n'.repeat(2000),
    object: { a: [null, { b: '\u2028' }] },
    null: null,
    byte: new Uint8Array([7]),
    large: new Uint8Array(randomBytes(10 << 20)),
    sparse: 'x'.repeat(5e6),
  };
  const first = await open();
  for (const [name, value] of Object.entries(values)) await first.set(name, value);
  const second = await open(first.cache);
  for (const [name, value] of Object.entries(values)) {
    const found = await second.get(name);
    if (value instanceof Uint8Array) expect(Buffer.compare(Buffer.from(found as Uint8Array), value)).toBe(0);
    else expect(found).toEqual(value);
  }
  expect(await second.get('other')).toBeUndefined();
  const { bytes, entries } = await second.store.totals();
  expect(entries).toBe(7);
  // What compresses is compressed.
  expect(bytes).toBeLessThan(10.6e6);
  expect(() => packValue(new Uint8Array((10 << 20) + 1))).toThrow(RangeError);
  for (const value of [undefined, () => 1, Symbol('s'), 1n]) expect(() => packValue(value)).toThrow(TypeError);
  expect(await first.store.delete(hashOf('text'))).toBe(true);
  expect(await second.get('text')).toBeUndefined();
  expect(await second.store.verify()).toEqual({ entries: 6, damaged: 0, fault: null });
  expect(await first.store.clear()).toBe(6);
  expect(await second.store.totals()).toMatchObject({ entries: 0, bytes: 0 });
  first.store.close();
  second.store.close();
});

test('an entry whose time is over is not there', async () => {
  const { set, get, store } = await open();
  await set('short', 1, 0);
  await set('long', 2, 60_000);
  expect([await get('short'), await get('long')]).toEqual([undefined, 2]);
  expect(await store.totals()).toMatchObject({ entries: 2, expired: 1 });
  store.close();
});

test('stays within its size: what has not been used for longest goes first', async () => {
  const { cache, set, get, store } = await open(folder(), 20_000);
  for (let number = 0; number < 100; number++) {
    await set(`n${number}`, new Uint8Array(randomBytes(1000)));
    // What counts is the time in the file, which the test sets.
    const database = new DatabaseSync(fileIn(cache));
    database
      .prepare('UPDATE entries SET used = ? WHERE hash = ?')
      .run(number === 3 ? 1e6 : number, Buffer.from(hashOf(`n${number}`), 'hex'));
    database.close();
  }
  const { bytes, entries } = await store.totals();
  expect(bytes).toBeLessThanOrEqual(20_000);
  expect(entries).toBeGreaterThan(15);
  expect([await get('n3'), await get('n99')].every((value) => value instanceof Uint8Array)).toBe(true);
  expect(await get('n4')).toBeUndefined();
  // One that is larger than the cache may be replaces all others, and stays.
  await set('huge', new Uint8Array(randomBytes(50_000)));
  expect((await store.totals()).entries).toBe(1);
  store.close();
});

test('a damaged value is a miss; a damaged file is set aside with a warning, also while it is open', async () => {
  const { cache, store, get, set, warnings } = await open();
  await set('good', 1);
  await set('bad', 'x'.repeat(500));
  const database = new DatabaseSync(fileIn(cache));
  database
    .prepare("UPDATE entries SET value = CAST(replace(value, 'xxx', 'xyx') AS BLOB) WHERE hash = ?")
    .run(Buffer.from(hashOf('bad'), 'hex'));
  database.close();
  expect(await store.verify()).toEqual({ entries: 2, damaged: 1, fault: null });
  expect([await get('good'), await get('bad')]).toEqual([1, undefined]);
  store.close();

  writeFileSync(fileIn(cache), 'this is no database, whatever its name says\n'.repeat(1000));
  const again = await open(cache);
  expect(again.warnings).toEqual([expect.stringMatching(/^the cache was damaged and is set aside as .*calls\.damaged-/)]);
  expect(await again.get('good')).toBeUndefined();
  await again.set('good', 2);
  expect(readdirSync(cache).filter((name) => name.startsWith('calls.damaged-'))).toHaveLength(1);

  // Damaged under the hands of two processes: both go on with one new file.
  const other = await open(cache);
  for (let number = 0; number < 300; number++) await again.set(`n${number}`, new Uint8Array(randomBytes(800)));
  again.store.close();
  other.store.close();
  const { size } = statSync(fileIn(cache));
  const bytes = Buffer.alloc(size, 0xa5);
  const { openSync, writeSync, closeSync } = await import('node:fs');
  const descriptor = openSync(fileIn(cache), 'r+');
  writeSync(descriptor, bytes, 0, size - 8192, 8192);
  closeSync(descriptor);
  const [left, right] = [await open(cache), await open(cache)];
  for (let number = 0; number < 300; number++) {
    await left.get(`n${number}`);
    await right.get(`n${number}`);
  }
  await left.set('after', 3);
  expect(await right.get('after')).toBe(3);
  expect(left.warnings.length + right.warnings.length).toBe(1);
  expect(warnings).toEqual([]);
  left.store.close();
  right.store.close();
});

test('what cannot be used is said so: a newer format, a folder that cannot be made', async () => {
  const cache = folder();
  mkdirSync(join(cache, 'calls'));
  const database = new DatabaseSync(fileIn(cache));
  database.exec('PRAGMA user_version = 2');
  database.close();
  await expect(open(cache)).rejects.toThrow(/written by a newer Shardyard \(format 2; this one knows 1\)/);
  writeFileSync(join(cache, 'file'), '');
  const refused = await open(join(cache, 'file')).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(UserError);
  expect(String(refused)).toMatch(/cannot be opened/);
  expect(existsSync(join(cache, 'calls'))).toBe(true);
});

test('the writers of two runs, killed at random: nothing that was acknowledged is lost', { timeout: 120_000 }, async () => {
  const seed = Date.now() % 1e6;
  const found = await soakCache({ folder: folder(), runs: 2, processes: 3, seed, kills: 10, ms: 0 });
  expect(found, `seed ${seed}`).toMatchObject({ lost: 0, damaged: 0, fault: null, errors: [] });
  expect(found.acknowledged).toBeGreaterThan(0);
  expect(found.entries).toBeGreaterThanOrEqual(found.acknowledged);
});
