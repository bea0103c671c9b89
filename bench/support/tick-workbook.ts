import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { readParquet } from 'shardyard/parquet';
import { row, workbook } from '../../test/support/xlsx.ts';
import { inventTicks } from '../../workers/market-making/synthetic.ts';

/** A workbook of ticks, and what is in it. */
export interface Workbook {
  readonly file: string;
  readonly sheets: readonly {
    readonly name: string;
    readonly rows: number;
    /** Its rows as `time,type,price,size`, the time in milliseconds. */
    readonly lines: () => readonly string[];
  }[];
}

const HEADER_ROW = 3;
const STYLES = '<cellXfs><xf numFmtId="0"/><xf numFmtId="22"/></cellXfs>';

/** A folder with `TickData_full.xlsx`, and the same as `csv/*.csv.gz`, listed in `index.csv`. */
export function realTicks(folder: string): Workbook {
  const [, ...index] = readFileSync(join(folder, 'index.csv'), 'utf8').trim().split('\n');
  const sheets = index.map((line) => {
    const [name = '', file = '', rows] = line.split(',');
    const lines = (): readonly string[] => {
      const [, ...records] = gunzipSync(readFileSync(join(folder, 'csv', file)))
        .toString()
        .trimEnd()
        .split('\n');
      return records.map((record) => {
        const [time = '', type, price, size] = record.trimEnd().split(',');
        return [Date.parse(time), type, Number(price), Number(size)].join();
      });
    };
    return { name, rows: Number(rows), lines };
  });
  return { file: join(folder, 'TickData_full.xlsx'), sheets };
}

/** The invented ticks of market-making, so many days of 16 securities, as a workbook in the folder. */
export function syntheticTicks(folder: string, days: number): Workbook {
  const file = join(folder, 'ticks.xlsx');
  const names = Array.from({ length: 16 }, (_, at) => `SYNTHETIC-${String(at + 1).padStart(2, '0')}`);
  const sheets = names.map((name) => {
    const all = [...inventTicks(1, name, days)];
    return { name, rows: all.length, lines: () => all.map(({ time, type, price, size }) => [time, type, price, size].join()) };
  });
  const rowsOf = (name: string): string => {
    const rows = [...inventTicks(1, name, days)].map(({ time, type, price, size }, at) => {
      const cells = `<c s="1"><v>${time / 86_400_000 + 25_569}</v></c><c t="str"><v>${type}</v></c><c><v>${price}</v></c><c><v>${size}</v></c>`;
      return `<row r="${at + 1 + HEADER_ROW}">${cells}</row>`;
    });
    return row(HEADER_ROW, ['Dates', 'Type', 'Price', 'Size']) + rows.join('');
  };
  writeFileSync(file, workbook({ sheets: Object.fromEntries(names.map((name) => [name, rowsOf(name)])), styles: STYLES }));
  return { file, sheets };
}

/** The first row in which a folder of Parquet files differs from the source, or how many there are; nothing where all are the same. */
export async function differenceOf({ sheets }: Workbook, folder: string): Promise<string | undefined> {
  for (const { name, rows, lines } of sheets) {
    const expected = lines();
    let at = 0;
    for await (const { Dates, Type, Price, Size } of readParquet(join(folder, `${name}.parquet`))) {
      const found = [Dates instanceof Date ? Dates.getTime() : Dates, Type, Price, Size].join();
      if (found !== expected[at]) return `${name}: row ${at + 1} is ${found} instead of ${expected[at]}`;
      at++;
    }
    if (at !== rows || expected.length !== rows) return `${name}: ${at} rows instead of ${rows} (the source has ${expected.length})`;
  }
  return undefined;
}
