import { kindOf } from './row.ts';

// Node 24 has these; TypeScript's libraries do not declare them yet.
const { rawJSON, isRawJSON } = JSON as unknown as { rawJSON(text: string): object; isRawJSON(value: unknown): boolean };

/** Deeper than this, and for circular values, the careful path decides. */
const DEPTH = 64;

/**
 * The JSON text of a value, as rows need it: well-formed Unicode, bigint as a number with all its digits, typed arrays and
 * sets as arrays, maps as objects. Throws for what JSON.stringify would silently drop or empty: functions, symbols,
 * promises, regular expressions, invalid dates and the like.
 */
export function jsonText(value: unknown): string {
  if (isPlain(value, 0)) {
    const text = JSON.stringify(value) ?? 'null';
    // A lone surrogate is written as an escape; the same letters after an escaped backslash only cost the second try.
    if (!text.includes('\\ud')) return text;
  }
  return JSON.stringify(value, careful) ?? 'null';
}

/** Whether JSON.stringify alone writes the value as we want it, which with the look takes less than half the time that it takes with a replacer. */
function isPlain(value: unknown, depth: number): boolean {
  if (typeof value === 'bigint' || typeof value === 'function' || typeof value === 'symbol') return false;
  if (typeof value !== 'object' || value === null) return true;
  if (depth === DEPTH) return false;
  if (Array.isArray(value)) return value.every((element) => isPlain(element, depth + 1));
  if (value instanceof Date) return !Number.isNaN(value.getTime());
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  const fields = value as Readonly<Record<string, unknown>>;
  for (const key in fields) if (!isPlain(fields[key], depth + 1)) return false;
  return true;
}

/** JSON.stringify's replacer for everything that is not plain; `this` is what holds the value under `key`. */
function careful(this: unknown, key: string, value: unknown): unknown {
  // `value` is what toJSON made of the value: text for a Date, and for a bigint where a user has patched its prototype.
  const original = (this as Readonly<Record<string, unknown>>)[key];
  if (typeof original === 'bigint') return exactNumber(original);
  if (original instanceof Date && Number.isNaN(original.getTime())) throw new Error(`${placeOf(key)} is an invalid Date`);
  switch (typeof value) {
    case 'string':
      return value.toWellFormed();
    case 'bigint':
      return exactNumber(value);
    case 'function':
    case 'symbol':
      throw cannotWrite(key, value);
    case 'object':
      return value === null ? null : asJsonObject(key, value);
    default:
      return value;
  }
}

function asJsonObject(key: string, value: object): unknown {
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return Array.from(value as Uint8Array);
  if (value instanceof Set) return [...value];
  if (value instanceof Map && value.keys().every((name) => typeof name === 'string' || typeof name === 'number')) {
    return withWellFormedKeys(Object.fromEntries(value));
  }
  switch (Object.prototype.toString.call(value)) {
    case '[object Object]':
      return withWellFormedKeys(value);
    case '[object Array]':
    case '[object Number]':
    case '[object String]':
    case '[object Boolean]':
      return value;
    default:
      // What exactNumber made comes by here too.
      if (isRawJSON(value)) return value;
      throw cannotWrite(key, value);
  }
}

function withWellFormedKeys(value: object): object {
  const names = Object.keys(value);
  if (names.every((name) => name.isWellFormed())) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name.toWellFormed(), field]));
}

/** All digits: JSON knows no largest number, and Python, DuckDB and our own merge read them exactly. */
function exactNumber(value: bigint): object {
  return rawJSON(String(value));
}

function cannotWrite(key: string, value: unknown): Error {
  const advice = kindOf(value) === 'a Promise' ? 'await it' : 'turn it into text, a number, an array or an object';
  return new Error(`${placeOf(key)} is ${kindOf(value)}, which cannot be written: ${advice}`);
}

function placeOf(key: string): string {
  return key === '' ? 'the value' : `"${key}"`;
}
