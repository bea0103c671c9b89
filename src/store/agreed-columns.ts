import { closeSync, linkSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { syncPath, temporaryName, writeAll } from './files.ts';

/** The columns of all rows of a run whose worker does not declare them, and the file that was the first to have them. */
export interface AgreedColumns {
  readonly version: 1;
  readonly columns: readonly string[];
  readonly file: string;
}

const NAME = 'columns.json';

/**
 * What all children of a run agree on, whoever is first: a link to a file that is whole cannot be made twice. So the parts of a run have the
 * same columns in the same order, and are merged by copying.
 */
export function agreeOnColumns(folder: string, columns: readonly string[], file: string): AgreedColumns {
  const known = readAgreedColumns(folder);
  if (known) return known;
  const mine: AgreedColumns = { version: 1, columns, file };
  const temporary = temporaryName(join(folder, NAME), String(process.pid));
  const descriptor = openSync(temporary, 'w');
  try {
    writeAll(descriptor, Buffer.from(`${JSON.stringify(mine)}\n`));
  } finally {
    closeSync(descriptor);
  }
  try {
    syncPath(temporary);
    linkSync(temporary, join(folder, NAME));
    syncPath(folder);
    return mine;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    return readAgreedColumns(folder) ?? mine;
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** What has been agreed on, if anything: nobody has had rows before. */
export function readAgreedColumns(folder: string): AgreedColumns | undefined {
  try {
    // Written here, whole or not at all.
    return JSON.parse(readFileSync(join(folder, NAME), 'utf8')) as AgreedColumns;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** All rows are made again: they may have other columns. */
export function forgetColumns(folder: string): void {
  rmSync(join(folder, NAME), { force: true });
}
