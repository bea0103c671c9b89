/** Trading days as an API or a file has them. */
import { UnrecoverableError } from 'shardyard';

/** A trading day of one stock. */
export interface Bar {
  /** YYYY-MM-DD. */
  readonly date: string;
  readonly close: number;
  readonly volume: number | undefined;
}

/** A record of a source; the names of its fields in lower case. */
export type Fields = Readonly<Record<string, unknown>>;

/** The columns that matter, in lower case. */
export const COLUMNS: readonly string[] = ['symbol', 'date', 'timestamp', 'close', 'close_paise', 'volume'];

/**
 * A day; `undefined` for one without a close, on which nobody traded.
 *
 * @throws UnrecoverableError when it has no date, or a close that is no positive number.
 */
export function barOf(fields: Fields): Bar | undefined {
  const date = dateOf(fields['date'] ?? fields['timestamp']);
  if (date === undefined) throw new UnrecoverableError(`a day without a date: ${shown(fields)}: give a column date, as YYYY-MM-DD`);
  const given = fields['close'] ?? fields['close_paise'];
  if (given === undefined && !('close' in fields || 'close_paise' in fields))
    throw new UnrecoverableError(`a day without a close: ${shown(fields)}: give a column close`);
  if (given === undefined || given === null || given === '') return undefined;
  const close = fields['close'] === undefined ? Number(given) / 100 : Number(given);
  if (!(close > 0 && close < Infinity)) throw new UnrecoverableError(`a close that is no positive number: ${shown(fields)}`);
  const { volume } = fields;
  return { date, close, volume: volume === undefined || volume === null || volume === '' ? undefined : Number(volume) };
}

/** The names of a record's fields in lower case. */
export const lowered = (record: Readonly<Record<string, unknown>>): Fields =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name.trim().toLowerCase(), value]));

/**
 * Oldest first.
 *
 * @throws UnrecoverableError where a day comes twice: which of the two is right, nobody can tell.
 */
export function inOrder(symbol: string, bars: readonly Bar[]): readonly Bar[] {
  const sorted = bars.toSorted((a, b) => (a.date < b.date ? -1 : Number(a.date > b.date)));
  const twice = sorted.find(({ date }, index) => date === sorted[index + 1]?.date);
  if (twice) throw new UnrecoverableError(`${symbol} has ${twice.date} twice: take one of them out of the source`);
  return sorted;
}

function dateOf(value: unknown): string | undefined {
  const text = value instanceof Date ? value.toISOString() : String(value ?? '');
  return /^\d{4}-\d\d-\d\d/.test(text) ? text.slice(0, 10) : undefined;
}

const shown = (fields: Fields): string =>
  JSON.stringify(fields, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)).slice(0, 200);
