import type { SourceItem } from '../source-item.ts';
import { parquetRows } from './parquet-rows.ts';

/** The rows of a Parquet file as records that JSON can hold; their line is the number of the row. */
export async function* parquetItems(file: string): AsyncGenerator<SourceItem> {
  let line = 0;
  for await (const row of parquetRows(file)) yield { item: plain(row), place: { file, line: ++line } };
}

/**
 * What JSON makes of a value, without a loss that shows later: whole numbers beyond 2^53 as texts, dates as ISO texts, bytes as base64; NaN and
 * the infinities, which JSON has no word for, as null.
 */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value !== 'object' || value === null) return value ?? null;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return Array.from(value as ArrayLike<unknown>, plain);
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, plain(field)]));
}
