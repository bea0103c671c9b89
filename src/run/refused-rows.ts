import { closeSync, openSync, rmSync } from 'node:fs';
import { basename } from 'node:path';
import { UserError } from '../core/errors.ts';
import { csvEncoder, csvHeader } from '../formats/csv-row.ts';
import { commitFile, temporaryName, writeAll } from '../store/files.ts';
import type { RowPlace } from './row-locator.ts';

/** So many are shown; all are in the file. */
const SHOWN = 5;
const COLUMNS = ['index', 'key', 'row', 'where', 'what'];

/** The file beside an output that lists the rows for which it was refused. */
export const refusedName = (output: string): string => `${output}.refused.csv`;

/** Lists rows for which a merge is refused: some in the error, all in a file beside the output. */
export class RefusedRows {
  readonly #output: string;
  readonly #encode = csvEncoder(COLUMNS);
  readonly #shown: string[] = [];
  #file: number | undefined;
  count = 0;

  constructor(output: string) {
    this.#output = output;
  }

  /** `where`: a path in the row, or the columns; `what`: the complaint, or the values. */
  add({ index, key, row }: RowPlace, where: string, what: string): void {
    if (this.count++ < SHOWN) this.#shown.push(`item ${key} (index ${index}), row ${row}: ${where === '' ? '' : `${where} `}${what}`);
    if (this.#file === undefined) {
      this.#file = openSync(temporaryName(refusedName(this.#output)), 'w');
      writeAll(this.#file, Buffer.from(csvHeader(COLUMNS)));
    }
    writeAll(this.#file, Buffer.from(this.#encode({ index, key, row, where, what })));
  }

  /** Gives the list its name, and the error that goes with it. */
  publish(what: string, hint: string): UserError {
    this.close();
    const file = refusedName(this.#output);
    commitFile(temporaryName(file), file);
    const rest = this.count - this.#shown.length;
    const list = [...this.#shown, ...(rest > 0 ? [`and ${rest} more`] : [])].join('; ');
    return new UserError(`${what}: ${list}`, {
      exitCode: 4,
      place: { file: this.#output },
      hint: `nothing was written, ${basename(file)} beside it lists them all; ${hint}`,
    });
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  /** Takes away what was not published. */
  discard(): void {
    this.close();
    rmSync(temporaryName(refusedName(this.#output)), { force: true });
  }
}
