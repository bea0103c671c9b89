import { isUtf8 } from 'node:buffer';
import { UserError } from '../core/errors.ts';

const LINE_FEED = 10;

/** Decodes whole lines, of which the first has number `line`; a byte order mark at the start of the file is dropped. */
export function decodeUtf8(bytes: Buffer, file: string, line: number): string {
  if (!isUtf8(bytes)) throw notUtf8(bytes, file, line);
  const text = bytes.toString('utf8');
  return line === 1 && text.startsWith('\uFEFF') ? text.slice(1) : text;
}

function notUtf8(bytes: Buffer, file: string, first: number): UserError {
  let line = first;
  let start = 0;
  for (let end = bytes.indexOf(LINE_FEED); end >= 0 && isUtf8(bytes.subarray(start, end)); end = bytes.indexOf(LINE_FEED, start)) {
    start = end + 1;
    line++;
  }
  return new UserError('this line is not valid UTF-8', { place: { file, line }, hint: 'save the file as UTF-8' });
}
