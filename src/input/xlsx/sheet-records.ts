import { UserError } from '../../core/errors.ts';
import { type Cell, columnName, type SheetRow, sheetRows } from './sheet-rows.ts';
import { openWorkbook } from './workbook.ts';

/** A row below the header, by the header's names; cells that are empty are null. */
export type SheetRecord = Readonly<Record<string, Cell>>;

/** How a sheet is read. */
export interface SheetOptions {
  /** The row that names the columns, counted from 1; default 1. What is above it is passed over, and so are rows without any cell. */
  readonly headerRow?: number;
}

/** The names of a sheet's columns, and where they are. */
interface Header {
  readonly names: readonly string[];
  /** For each of them, from 0. */
  readonly columns: readonly number[];
}

/** A sheet that is being read. */
export interface SheetTable {
  /** Absent: the sheet is empty. */
  readonly header: Header | undefined;
  readonly records: AsyncGenerator<SheetRecord>;
}

/**
 * The rows of a sheet below its header, one after another.
 *
 * @throws UserError with file and row when the workbook is damaged, or the header is missing or not made of different texts.
 */
export async function* readSheet(file: string, sheet: string, options: SheetOptions = {}): AsyncGenerator<SheetRecord> {
  const { records } = await openTable(file, sheet, options);
  yield* records;
}

/** As `readSheet`, with the header known before the first row. The generator must be started, or the file stays open. */
export async function openTable(file: string, sheet: string, { headerRow = 1 }: SheetOptions = {}): Promise<SheetTable> {
  const workbook = await openWorkbook(file);
  const batches = sheetRows(workbook, sheet);
  try {
    let seen = 0;
    for (let next = await batches.next(); !next.done; next = await batches.next()) {
      const rows = next.value;
      seen = rows.at(-1)?.number ?? seen;
      const at = rows.findIndex(({ number }) => number >= headerRow);
      if (at < 0) continue;
      const row = rows[at];
      if (row?.number !== headerRow) break;
      const header = headerOf(row, file, sheet);
      return { header, records: recordsOf([rows.slice(at + 1)], header) };
    }
    if (seen > 0) throw headerless(file, sheet, headerRow, seen);
    workbook.close();
    return { header: undefined, records: noRecords() };
  } catch (error) {
    workbook.close();
    throw error;
  }

  async function* recordsOf(first: readonly (readonly SheetRow[])[], header: Header): AsyncGenerator<SheetRecord> {
    try {
      for (const rows of first) for (const row of rows) yield recordOf(row, header, file, sheet);
      for await (const rows of batches) for (const row of rows) yield recordOf(row, header, file, sheet);
    } finally {
      await batches.return(undefined);
      workbook.close();
    }
  }
}

async function* noRecords(): AsyncGenerator<SheetRecord> {}

const CHOOSE = 'say which row has the names of the columns: --header-row N (in a worker: headerRow)';

function headerless(file: string, sheet: string, headerRow: number, last: number): UserError {
  return new UserError(
    `sheet ${JSON.stringify(sheet)}: row ${headerRow}, which should name the columns, is empty (the last row is ${last})`,
    {
      place: { file, line: headerRow },
      hint: CHOOSE,
    },
  );
}

function headerOf({ number, cells }: SheetRow, file: string, sheet: string): Header {
  const wrong = (column: number, what: string): UserError =>
    new UserError(`sheet ${JSON.stringify(sheet)}, cell ${columnName(column)}${number} of the header ${what}`, {
      place: { file, line: number },
      hint: CHOOSE,
    });
  const names: string[] = [];
  const columns: number[] = [];
  for (const [column, cell] of cells.entries()) {
    if (cell === undefined || cell === null) continue;
    if (typeof cell !== 'string') throw wrong(column, `is not a name but ${cell instanceof Date ? cell.toISOString() : String(cell)}`);
    const name = cell.trim();
    if (name === '') continue;
    if (names.includes(name)) throw wrong(column, `names a column ${JSON.stringify(name)}, as another one does`);
    names.push(name);
    columns.push(column);
  }
  if (names.length === 0) throw wrong(0, 'is blank, as all of them are');
  return { names, columns };
}

/** Not by assignment: a column named `__proto__` would vanish. */
function recordOf({ number, cells }: SheetRow, { names, columns }: Header, file: string, sheet: string): SheetRecord {
  let found = 0;
  const record = Object.fromEntries(
    columns.map((column, at) => {
      const cell = cells[column] ?? null;
      if (cell !== null) found++;
      return [names[at] ?? '', cell];
    }),
  );
  const filled = cells.reduce<number>((sum, cell) => (cell === undefined || cell === null ? sum : sum + 1), 0);
  if (found === filled) return record;
  const nameless = cells.findIndex((cell, column) => cell !== undefined && cell !== null && !columns.includes(column));
  throw new UserError(`sheet ${JSON.stringify(sheet)}, cell ${columnName(nameless)}${number}: its column has no name in the header`, {
    place: { file, line: number },
    hint: CHOOSE,
  });
}
