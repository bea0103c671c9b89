import { describe, expect, test } from 'vitest';
import { formatUserError, UserError } from '../../src/core/errors.ts';
import { parseOutput } from '../../src/formats/output.ts';

describe('parseOutput', () => {
  const formats = { '.csv': 'csv', '.json': 'json', '.jsonl': 'jsonl', '.ndjson': 'jsonl' };
  const compressions = { '': 'none', '.gz': 'gzip', '.zst': 'zstd' };
  const cases = Object.entries(formats).flatMap(([ending, format]) =>
    Object.entries(compressions).map(([packed, compression]) => [`${ending}${packed}`, { format, compression }] as const),
  );

  test.each(cases)('%s', (ending, kind) => {
    expect(parseOutput(`data/some.parquet.d/rows${ending}`)).toEqual(kind);
    expect(parseOutput(`ROWS.V2${ending.toUpperCase()}`)).toEqual(kind);
    expect(parseOutput(ending)).toEqual(kind);
  });

  test('.parquet, which is compressed already', () => {
    expect(parseOutput('data/ROWS.Parquet')).toEqual({ format: 'parquet', compression: 'none' });
    expect(formatUserError(captured(() => parseOutput('rows.parquet.gz')) as UserError)).toBe(
      'output "rows.parquet.gz": Parquet is compressed already: leave out .gz',
    );
  });

  test.each([
    ['rows.xlsx', 'output "rows.xlsx": no format is called ".xlsx"'],
    ['rows.xlsx.gz', 'output "rows.xlsx.gz": no format is called ".xlsx"'],
    ['rows.csv.bz2', 'output "rows.csv.bz2": no format is called ".bz2"'],
    ['rows', 'output "rows" has no ending that names a format'],
    ['rows.', 'output "rows." has no ending that names a format'],
    ['a.csv/rows', 'output "a.csv/rows" has no ending that names a format'],
    ['rows.gz', 'output "rows.gz": ".gz" alone does not name a format'],
    ['', 'output "" has no ending that names a format'],
    ['rows.constructor', 'output "rows.constructor": no format is called ".constructor"'],
  ])('%s is refused', (file, message) => {
    const error = captured(() => parseOutput(file));
    expect(error).toBeInstanceOf(UserError);
    expect(formatUserError(error as UserError)).toBe(
      `${message}: use .csv, .json, .jsonl or .ndjson, each also with .gz or .zst, or .parquet`,
    );
  });
});

function captured(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}
