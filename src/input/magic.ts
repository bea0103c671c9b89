import { closeSync, openSync, readSync } from 'node:fs';
import { UserError } from '../core/errors.ts';

/** How files begin that are no text, whatever their name says; and what to do with them. */
const KINDS: readonly { readonly start: readonly number[]; readonly what: string; readonly hint: string }[] = [
  { start: [0x50, 0x4b, 3, 4], what: 'a zip archive or an Excel workbook', hint: 'name it .xlsx if it is a workbook, else unpack it' },
  { start: [0xd0, 0xcf, 0x11, 0xe0], what: 'an old or encrypted Excel workbook', hint: 'open it in Excel and save it as .csv or .xlsx' },
  { start: [0x50, 0x41, 0x52, 0x31], what: 'a Parquet file', hint: 'name it .parquet' },
  { start: [0x1f, 0x8b], what: 'compressed with gzip', hint: 'unpack it with gunzip' },
  { start: [0x28, 0xb5, 0x2f, 0xfd], what: 'compressed with zstd', hint: 'unpack it with unzstd' },
  { start: [0xff, 0xfe], what: 'in UTF-16', hint: 'save it in UTF-8' },
  { start: [0xfe, 0xff], what: 'in UTF-16', hint: 'save it in UTF-8' },
];

/** Refuses a file that is read as text and begins as something else does; what cannot be read says so when it is read. */
export function refuseDisguised(file: string): void {
  const start = Buffer.alloc(4);
  let length: number;
  try {
    const descriptor = openSync(file, 'r');
    try {
      length = readSync(descriptor, start);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return;
  }
  const kind = KINDS.find(({ start: bytes }) => bytes.length <= length && bytes.every((byte, at) => start[at] === byte));
  if (kind) throw new UserError(`is not text: it is ${kind.what}`, { place: { file }, hint: kind.hint });
}
