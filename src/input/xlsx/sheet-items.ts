import { UserError } from '../../core/errors.ts';
import type { SourceItem } from '../source-item.ts';
import { openWorkbook } from './workbook.ts';

/** The names of a workbook's sheets, in order. */
export async function* sheetItems(file: string): AsyncGenerator<SourceItem> {
  const workbook = await openWorkbook(file);
  workbook.close();
  if (workbook.sheets.length === 0) throw new UserError('has no sheet with cells', { place: { file }, hint: 'name another workbook' });
  for (const item of workbook.sheets) yield { item, place: { file } };
}
