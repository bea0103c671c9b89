import { openWorkbook } from './input/xlsx/workbook.ts';

export { readSheet } from './input/xlsx/sheet-records.ts';
export type { SheetOptions, SheetRecord } from './input/xlsx/sheet-records.ts';
export type { Cell } from './input/xlsx/sheet-rows.ts';
export { UserError } from './core/errors.ts';

/**
 * The names of a workbook's sheets, in order. Throws a `UserError` that names a file that is none.
 *
 * @example
 * for await (const { Dates, Price } of readSheet('ticks.xlsx', 'EMAAR DH Equity', { headerRow: 3 })) …
 */
export async function sheetNames(file: string): Promise<readonly string[]> {
  const workbook = await openWorkbook(file);
  workbook.close();
  return workbook.sheets;
}
