import type { ColumnType, ColumnTypes } from '../../core/column-type.ts';
import type { Row } from '../../core/worker.ts';
import { NON_FINITE } from '../column-value.ts';
import { readsAsDouble, readsAsInteger } from '../text-value.ts';

/** A column of a Parquet file. */
export interface TypedColumn {
  readonly name: string;
  readonly type: ColumnType;
}

/** Finds the columns of rows and their types. Memory: a number for each column. */
export interface Survey {
  add(row: Row): void;
  /** The given columns, else all keys in order of first appearance. */
  columns(): readonly TypedColumn[];
}

/** What has been seen in a column; nothing for null. */
const SEEN = {
  boolean: 1,
  /** Fits 64 bits. */
  integer: 2,
  /** Does not, and is how a double is written; or is not even that. */
  wide: 4,
  wider: 8,
  fraction: 16,
  nonFinite: 32,
  /** A text as a Date is written into parts. */
  time: 64,
  text: 128,
  nested: 256,
} as const;

const NUMBERS = SEEN.integer | SEEN.wide | SEEN.wider | SEEN.fraction | SEEN.nonFinite;
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/**
 * Starts a survey. Declared types hold; the others follow from all values of the column, whatever their order:
 * only booleans → boolean; only whole numbers → int64; numbers, also NaN and the infinities by name → double; only what a Date becomes
 * → timestamp; an array or object among them → json; nothing but null, and any other mixture → string. Whole numbers beyond 64 bits
 * are doubles where they are written as one is, else texts with all their digits. `texts`: from CSV, where numbers and booleans are texts:
 * those that no reader would write otherwise count as what they say (007 stays a text).
 */
export function createSurvey({
  columns,
  types = {},
  texts = false,
}: {
  readonly columns?: readonly string[] | undefined;
  readonly types?: ColumnTypes | undefined;
  readonly texts?: boolean;
}): Survey {
  const seen = new Map<string, number>(columns?.map((column) => [column, 0]));
  const look = texts ? seenInText : seenIn;
  const withValue = (before: number, value: unknown): number =>
    value === null || value === undefined || before & SEEN.nested ? before : before | look(value, before);
  return {
    add(row) {
      for (const name in row) {
        const before = seen.get(name);
        const now = withValue(before ?? 0, row[name]);
        if (now !== before) seen.set(name, now);
      }
    },
    columns: () =>
      [...seen].map(([name, flags]) => ({ name, type: Object.hasOwn(types, name) ? (types[name] ?? 'string') : typeOf(flags) })),
  };
}

function typeOf(seen: number): ColumnType {
  if (seen === 0) return 'string';
  if (seen & SEEN.nested) return 'json';
  if (seen === SEEN.boolean) return 'boolean';
  if (seen === SEEN.integer) return 'int64';
  if (seen === SEEN.time) return 'timestamp';
  if ((seen & ~NUMBERS) !== 0) return 'string';
  return seen & SEEN.wider && !(seen & SEEN.fraction) ? 'string' : 'double';
}

function seenIn(value: unknown, before: number): number {
  switch (typeof value) {
    case 'boolean':
      return SEEN.boolean;
    case 'number':
      return Number.isSafeInteger(value) ? SEEN.integer : SEEN.fraction;
    case 'bigint':
      return seenInInteger(value, String(value));
    case 'string':
      // Once there is another text, it does not matter which.
      if (before & SEEN.text) return SEEN.text;
      return NON_FINITE.has(value) ? SEEN.nonFinite : isTime(value) ? SEEN.time : SEEN.text;
    default:
      return value instanceof Date ? SEEN.time : SEEN.nested;
  }
}

function seenInText(value: unknown, before: number): number {
  if (typeof value !== 'string') return seenIn(value, before);
  if (before & SEEN.text) return SEEN.text;
  if (value === 'true' || value === 'false') return SEEN.boolean;
  if (readsAsInteger(value)) return seenInInteger(BigInt(value), value);
  if (readsAsDouble(value)) return SEEN.fraction;
  return seenIn(value, before);
}

function seenInInteger(value: bigint, text: string): number {
  if (value === BigInt.asIntN(64, value)) return SEEN.integer;
  return String(Number(value)) === text ? SEEN.wide : SEEN.wider;
}

const isTime = (text: string): boolean => text.length === 24 && ISO.test(text) && !Number.isNaN(Date.parse(text));
