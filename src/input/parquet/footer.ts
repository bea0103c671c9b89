import { readSync } from 'node:fs';
import { type FileMetaData, parquetMetadataAsync } from 'hyparquet';
import { guarded } from './guarded.ts';

/** The footer of a Parquet file, and where the row groups before it end (from the file's beginning). */
export interface Footer {
  readonly metadata: FileMetaData;
  readonly bodyEnd: number;
}

/** Reads the footer of a file that is `[start, end)` of an open one, checked as far as it can be without its rows. Throws an `Error` that says what is wrong. */
export async function readFooter({
  descriptor,
  start,
  end,
}: {
  readonly descriptor: number;
  readonly start: number;
  readonly end: number;
}): Promise<Footer> {
  const byteLength = end - start;
  if (byteLength < 12) throw new Error('it is too short for a Parquet file');
  const slice = (from: number, to = byteLength): ArrayBuffer => {
    if (!(from >= 0 && from <= to && to <= byteLength)) throw new Error(`there are no bytes ${from} to ${to}, the file has ${byteLength}`);
    const bytes = new Uint8Array(to - from);
    for (let at = 0; at < bytes.length;) {
      const length = readSync(descriptor, bytes, at, bytes.length - at, start + from + at);
      if (length === 0) throw new Error(`it ends at byte ${from + at}`);
      at += length;
    }
    return bytes.buffer;
  };
  const magic = (at: number): string => Buffer.from(slice(at, at + 4)).toString('latin1');
  if (magic(0) !== 'PAR1') throw new Error('it is no Parquet file');
  if (magic(byteLength - 4) !== 'PAR1') throw new Error('its footer is missing, the file is torn');
  const footerStart = byteLength - 8 - new DataView(slice(byteLength - 8, byteLength - 4)).getUint32(0, true);
  const metadata = await guarded(() => parquetMetadataAsync({ byteLength, slice }));
  const rows = metadata.row_groups.reduce((sum, { num_rows }) => sum + num_rows, 0n);
  if (rows !== metadata.num_rows) throw new Error(`its row groups have ${rows} rows, its footer says ${metadata.num_rows}`);
  let bodyEnd = 4;
  for (const { columns } of metadata.row_groups) {
    for (const { meta_data: found, file_path } of columns) {
      if (!found || file_path !== undefined) throw new Error('its columns are elsewhere (encrypted, or in other files)');
      const pages = [found.dictionary_page_offset, found.data_page_offset].flatMap((offset) => (offset ? [Number(offset)] : []));
      const from = Math.min(...pages);
      const to = from + Number(found.total_compressed_size);
      if (!(from >= 4 && to <= footerStart)) throw new Error(`column ${found.path_in_schema.join('.')} is not within the file`);
      bodyEnd = Math.max(bodyEnd, to);
    }
  }
  return { metadata, bodyEnd };
}

/** The schema, an entry for each element below the root, such as `price DOUBLE OPTIONAL`: equal for files whose row groups may stand in one. */
export function schemaOf({ schema }: FileMetaData): readonly string[] {
  return schema.slice(1).map(({ name, type, repetition_type, ...rest }) => {
    const more = JSON.stringify(rest);
    return [name, type ?? 'group', repetition_type, more === '{}' ? undefined : more].filter(Boolean).join(' ');
  });
}
