import { unreachable } from '../core/errors.ts';
import type { ColumnType } from '../core/column-type.ts';
import { jsonText } from './json-text.ts';
import { kindOf } from './row.ts';

/** A value as a typed column holds it: dates as days and timestamps as milliseconds since 1970, JSON as text. */
export type ColumnValue = string | number | bigint | boolean;

/** Turns a value that is not null into the one that a column holds. Throws where the type cannot hold it. */
export type ReadValue = (value: unknown) => ColumnValue;

const DAY = 86_400_000;
const INTEGER = /^[+-]?\d+$/;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const TIME = /^(?:\d{4}|[+-]\d{6})-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/i;

/** The names that NaN and the infinities have in parts. */
export const NON_FINITE: ReadonlySet<unknown> = new Set(['NaN', 'Infinity', '-Infinity']);

/**
 * Gives the function for a type. `texts`: the values come from CSV, where all of them are texts, so that numbers and booleans are read from
 * theirs; without it a text is no number.
 */
export function valueReader(type: ColumnType, { texts = false } = {}): ReadValue {
  switch (type) {
    case 'string':
      return textOf;
    case 'json':
      return jsonText;
    case 'boolean':
      return (value) => {
        if (typeof value === 'boolean') return value;
        if (texts && (value === 'true' || value === 'false')) return value === 'true';
        throw unfit(value, type);
      };
    case 'int32':
      return (value) => Number(integerOf(value, texts, type, 31n));
    case 'int64':
      return (value) => integerOf(value, texts, type, 63n);
    case 'float':
    case 'double':
      return (value) => numberOf(value, texts, type);
    case 'date':
      return (value) => Math.floor(timeOf(value, type) / DAY);
    case 'timestamp':
      return (value) => timeOf(value, type);
    default:
      return unreachable(type);
  }
}

/** As CSV has it, without quotes. */
function textOf(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
    case 'boolean':
    case 'bigint':
      return String(value);
    default:
      return value instanceof Date ? value.toISOString() : jsonText(value);
  }
}

function integerOf(value: unknown, texts: boolean, type: ColumnType, bits: bigint): bigint {
  const isInteger = typeof value === 'bigint' || Number.isInteger(value) || (texts && typeof value === 'string' && INTEGER.test(value));
  if (!isInteger) throw unfit(value, type);
  const integer = BigInt(value as bigint | number | string);
  if (integer < -(1n << bits) || integer >= 1n << bits) throw unfit(value, type);
  return integer;
}

function numberOf(value: unknown, texts: boolean, type: ColumnType): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint' || NON_FINITE.has(value)) return Number(value);
  if (texts && typeof value === 'string' && NUMBER.test(value)) return Number(value);
  throw unfit(value, type);
}

/** Milliseconds since 1970. A text without a zone is in UTC: the same bytes wherever it runs. */
function timeOf(value: unknown, type: ColumnType): number {
  const match = typeof value === 'string' ? TIME.exec(value) : null;
  const isTimeOnly = match !== null && match[0].length > 12 && match[1] === undefined;
  const time =
    value instanceof Date ? value.getTime() : match ? Date.parse(`${match[0].replace(',', '.')}${isTimeOnly ? 'Z' : ''}`) : Number.NaN;
  if (Number.isNaN(time)) throw unfit(value, type);
  return time;
}

function unfit(value: unknown, type: ColumnType): Error {
  const shown =
    value instanceof Date ? 'an invalid Date' : typeof value === 'string' ? JSON.stringify(value.slice(0, 60)) : shownOther(value);
  const advice = type === 'date' || type === 'timestamp' ? ': give a Date, or a text such as 2025-01-31 or 2025-01-31T12:00:00Z' : '';
  return new Error(`${shown} is not of the column's type ${type}${advice}`);
}

const shownOther = (value: unknown): string => (typeof value === 'object' || typeof value === 'function' ? kindOf(value) : String(value));
