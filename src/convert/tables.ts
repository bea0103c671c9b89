import { basename, extname } from 'node:path';
import { UserError } from '../core/errors.ts';
import type { Row } from '../core/worker.ts';
import { openItems } from '../input/source.ts';
import { openTable } from '../input/xlsx/sheet-records.ts';
import { openWorkbook } from '../input/xlsx/workbook.ts';

/** What is converted, as the command gives it to the worker. */
export interface ConvertParams {
  /** Absolute path of the file. */
  readonly input: string;
  readonly to: 'csv' | 'ndjson' | 'parquet';
  /** Absolute path of the folder. */
  readonly outDir: string;
  readonly headerRow: number;
}

/** A table in the input: its name, and its rows. */
export interface Table {
  /** Absent: as the rows have them. */
  readonly columns: readonly string[] | undefined;
  readonly rows: AsyncIterable<Row>;
  /** Values are texts, as CSV has them. */
  readonly texts: boolean;
}

/** Rows of each sheet that are looked at before anything is started. */
const LOOKED_AT = 100;

const isWorkbook = (file: string): boolean => extname(file).toLowerCase() === '.xlsx';

/** The names of the tables: the sheets of a workbook, whose headers are looked at; else the file's own name. */
export async function tableNames({ input, headerRow }: ConvertParams): Promise<readonly string[]> {
  if (!isWorkbook(input)) return [basename(input, extname(input))];
  const workbook = await openWorkbook(input);
  workbook.close();
  for (const sheet of workbook.sheets) {
    const { records } = await openTable(input, sheet, { headerRow });
    // Here rather than in every child: what is wrong with a header shows in the first rows.
    for (let row = 0; row < LOOKED_AT && !(await records.next()).done;) row++;
    await records.return(undefined);
  }
  return workbook.sheets;
}

/** A table of the input; `undefined` for a sheet without a cell. */
export async function tableOf(name: string, { input, headerRow }: ConvertParams): Promise<Table | undefined> {
  if (isWorkbook(input)) {
    const { header, records } = await openTable(input, name, { headerRow });
    return header && { columns: header.names, rows: records, texts: false };
  }
  if (extname(input).toLowerCase() === '.parquet') {
    const { parquetRows } = await import('../input/parquet/parquet-rows.ts');
    return { columns: undefined, rows: parquetRows(input), texts: false };
  }
  const texts = extname(input).toLowerCase() === '.csv';
  const rows = recordsIn(input);
  return { columns: undefined, rows: texts ? withoutEmpty(rows) : rows, texts };
}

/** In CSV, nothing and an empty text look the same. */
async function* withoutEmpty(rows: AsyncIterable<Row>): AsyncGenerator<Row> {
  for await (const row of rows) yield Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value === '' ? null : value]));
}

async function* recordsIn(input: string): AsyncGenerator<Row> {
  const source = openItems(input);
  if (source.kind === 'range') throw new Error(`${input} is a file`);
  for await (const { item, place } of source.items()) {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) {
      throw new UserError('is not a record', { ...(place ? { place } : {}), hint: 'only records, such as {"a": 1}, become rows' });
    }
    yield item as Row;
  }
}

/** What cannot be in a file's name somewhere. */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const UNSAFE = /[<>:"/\\|?*\u0000-\u001f]|^\.+|[. ]+$/g;

/** The name of a table's file. */
export function fileName(table: string, to: ConvertParams['to']): string {
  return `${table.replace(UNSAFE, '_') || '_'}.${to}`;
}
