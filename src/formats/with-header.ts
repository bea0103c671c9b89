import { csvHeader } from './csv-row.ts';
import { NOTHING, type Converter } from './sink.ts';

/** Passes lines of CSV on as they are, behind a header. */
export function withHeader(columns: readonly string[]): Converter {
  return {
    start: () => Buffer.from(csvHeader(columns)),
    convert: (chunk) => chunk,
    end: () => NOTHING,
  };
}
