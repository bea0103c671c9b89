import { UserError } from '../../core/errors.ts';
import { unescaped } from './shared-strings.ts';
import type { CellContext, Workbook } from './workbook.ts';
import { type Attributes, parseXml, type XmlListener } from './xml.ts';
import { notAWorkbook } from './zip.ts';

/** What a cell shows. Empty cells and errors such as #N/A are null; a number in the format of a date is a Date, in UTC. */
export type Cell = string | number | boolean | Date | null;

/** A row that is there; `number` counts from 1, as in Excel. Behind the last cell there is nothing, before it may be holes. */
export interface SheetRow {
  readonly number: number;
  readonly cells: readonly (Cell | undefined)[];
}

const DAY = 86_400_000;
/** 1970-01-01 in days of Excel; 1904 begins 1,462 days after 1900. */
const EPOCH = 25_569;
const DAYS_TO_1904 = 1_462;
/** Excel believes that there was a 29 February 1900. */
const NO_SUCH_DAY = 60;

/**
 * The rows of a worksheet, a batch for each piece of the file, in order. Holds one piece.
 *
 * @throws UserError with the file and, where one is at fault, the row.
 */
export async function* sheetRows(workbook: Workbook, sheet: string): AsyncGenerator<readonly SheetRow[]> {
  const { file } = workbook;
  try {
    const reader = new SheetReader(file, sheet, await workbook.context());
    for await (const _ of parseXml(await workbook.sheet(sheet), reader)) {
      if (reader.rows.length === 0) continue;
      yield reader.rows;
      reader.rows = [];
    }
  } catch (error) {
    throw notAWorkbook(file, error);
  }
}

class SheetReader implements XmlListener {
  rows: SheetRow[] = [];
  readonly #file: string;
  readonly #sheet: string;
  readonly #context: CellContext;
  #row = 0;
  #cells: (Cell | undefined)[] = [];
  #column = -1;
  #type = 'n';
  #isDate = false;
  #value = '';
  #reads = false;
  #phonetic = false;

  constructor(file: string, sheet: string, context: CellContext) {
    this.#file = file;
    this.#sheet = sheet;
    this.#context = context;
  }

  readonly open = (name: string, attributes: Attributes): void => {
    switch (name) {
      case 'row':
        this.#row = Number(attributes['r'] ?? this.#row + 1);
        this.#cells = [];
        this.#column = -1;
        return;
      case 'c': {
        const { r: reference, t: type = 'n', s: style } = attributes;
        this.#column = reference === undefined ? this.#column + 1 : columnOf(reference);
        this.#type = type;
        this.#isDate = style !== undefined && (this.#context.dates[Number(style)] ?? false);
        this.#value = '';
        return;
      }
      case 'rPh':
        this.#phonetic = true;
        return;
      case 'v':
      case 't':
        this.#reads = !this.#phonetic;
    }
  };

  readonly close = (name: string): void => {
    switch (name) {
      case 'v':
      case 't':
        this.#reads = false;
        return;
      case 'rPh':
        this.#phonetic = false;
        return;
      case 'c': {
        const cell = this.#cell();
        if (cell !== null) this.#cells[this.#column] = cell;
        return;
      }
      case 'row':
        if (this.#cells.length > 0) this.rows.push({ number: this.#row, cells: this.#cells });
    }
  };

  readonly text = (text: string): void => {
    if (this.#reads) this.#value += text;
  };

  #cell(): Cell {
    const value = this.#value;
    if (value === '') return null;
    switch (this.#type) {
      case 's': {
        const text = this.#context.strings[Number(value)];
        if (text === undefined) throw this.#wrong(`there is no text number ${value}`);
        return text === '' ? null : text;
      }
      case 'str':
      case 'inlineStr':
        return unescaped(value);
      case 'b':
        return value === '1' || value === 'true';
      case 'e':
        return null;
      case 'd':
        return this.#checked(new Date(/[Zz]|[+-]\d\d:\d\d$/.test(value) || !value.includes('T') ? value : `${value}Z`), value);
      case 'n': {
        const number = Number(value);
        if (Number.isNaN(number)) throw this.#wrong(`${JSON.stringify(value.slice(0, 40))} is not a number`);
        return this.#isDate ? this.#checked(this.#dateOf(number), value) : number;
      }
      default:
        throw this.#wrong(`its type ${JSON.stringify(this.#type)} is unknown`);
    }
  }

  #dateOf(days: number): Date {
    const since1900 = this.#context.since1904 ? days + DAYS_TO_1904 : days < NO_SUCH_DAY ? days + 1 : days;
    return new Date(Math.round((since1900 - EPOCH) * DAY));
  }

  #checked(date: Date, value: string): Date {
    if (Number.isNaN(date.getTime())) throw this.#wrong(`${value} is not a date`);
    return date;
  }

  #wrong(what: string): UserError {
    return new UserError(`sheet ${JSON.stringify(this.#sheet)}, cell ${columnName(this.#column)}${this.#row}: ${what}`, {
      place: { file: this.#file, line: this.#row },
      hint: 'mend the cell in Excel and save the file again',
    });
  }
}

/** `AB12` → 27 */
function columnOf(reference: string): number {
  let column = 0;
  for (let at = 0; at < reference.length; at++) {
    const letter = reference.charCodeAt(at) & ~32;
    if (letter < 65 || letter > 90) break;
    column = column * 26 + letter - 64;
  }
  return column - 1;
}

/** 27 → `AB` */
export function columnName(column: number): string {
  return column < 26 ? String.fromCharCode(65 + column) : columnName(Math.floor(column / 26) - 1) + columnName(column % 26);
}
