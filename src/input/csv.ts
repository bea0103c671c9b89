import { UserError } from '../core/errors.ts';
import { type CsvRow, csvRows } from './csv-rows.ts';
import type { SourceItem } from './source-item.ts';

/** The rows of a CSV file with a header as objects of strings; blank lines are skipped. */
export async function* csvItems(chunks: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<SourceItem> {
  let header: readonly string[] | undefined;
  for await (const rows of csvRows(chunks, file)) {
    for (const row of rows) {
      if (header) yield { item: toRecord(header, row, file), place: { file, line: row.line } };
      else header = checkedHeader(row, file);
    }
  }
  if (!header) throw new UserError('is empty', { place: { file }, hint: 'a CSV file starts with a line of column names' });
}

function checkedHeader({ fields, line }: CsvRow, file: string): readonly string[] {
  const wrong = (message: string, hint: string): UserError => new UserError(message, { place: { file, line }, hint });
  const [only] = fields;
  if (fields.length === 1 && only !== undefined && /[;\t]/.test(only)) {
    throw wrong(`the columns seem to be separated by ${only.includes(';') ? 'semicolons' : 'tabs'}`, 'separate them by commas');
  }
  const empty = fields.findIndex((name) => name.trim() === '');
  if (empty >= 0) throw wrong(`column ${empty + 1} has no name`, 'name every column in the first line');
  const twice = fields.find((name, at) => fields.indexOf(name) < at);
  if (twice !== undefined) throw wrong(`two columns are named "${twice}"`, 'give every column a name of its own');
  return fields;
}

/** Not by assignment: a column named `__proto__` would vanish. */
function toRecord(header: readonly string[], { fields, line }: CsvRow, file: string): Record<string, string> {
  if (fields.length !== header.length) {
    throw new UserError(`this row has ${fields.length} ${fields.length === 1 ? 'field' : 'fields'}, the header has ${header.length}`, {
      place: { file, line },
      hint: 'mend the row; a field that holds a comma, a quote or a line break must be in double quotes',
    });
  }
  return Object.fromEntries(fields.map((field, at) => [header[at] ?? '', field]));
}
