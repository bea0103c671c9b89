import type { Row } from '../core/worker.ts';

/** NaN and the infinities as text, in rows that are NDJSON only until they become CSV or Parquet. */
export function withNames(row: Row): Row {
  let named: Record<string, unknown> | undefined;
  for (const key in row) {
    const value = row[key];
    if (typeof value === 'number' && !Number.isFinite(value)) (named ??= { ...row })[key] = String(value);
  }
  return named ?? row;
}
