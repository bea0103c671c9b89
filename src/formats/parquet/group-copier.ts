import type { ColumnChunk, FileMetaData, RowGroup } from 'hyparquet';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { openFileSink } from '../file-sink.ts';
import type { Digest } from '../sink.ts';

/** Where the row groups of a Parquet file begin. */
const FIRST = 4;

/** Makes one Parquet file of many, whose row groups it copies as they are. */
export interface GroupCopier {
  /** The next file; its bytes from 4 to where its row groups end follow. All have the schema of the first. */
  begin(metadata: FileMetaData): void;
  write(bytes: Uint8Array): void;
  /** Writes the footer, syncs and closes. */
  finish(): Promise<Digest>;
  abort(): Promise<void>;
}

/** Opens a file under a temporary name of the caller's. Memory: the footers. */
export function openGroupCopier(file: string): GroupCopier {
  const sink = openFileSink(file);
  const groups: RowGroup[] = [];
  let first: FileMetaData | undefined;
  let at = FIRST;
  sink.write(Buffer.from('PAR1'));
  return {
    begin(metadata) {
      first ??= metadata;
      const shift = BigInt(at - FIRST);
      for (const group of metadata.row_groups) groups.push(shifted(group, shift));
    },
    write(bytes) {
      sink.write(bytes);
      at += bytes.length;
    },
    finish() {
      if (!first) throw new Error('there is no file to take the schema of');
      sink.write(footerOf(first, groups));
      return sink.finish();
    },
    abort: () => sink.abort(),
  };
}

/** Statistics of some rare types cannot be written back; nobody needs them. */
function footerOf(first: FileMetaData, groups: readonly RowGroup[]): Uint8Array {
  try {
    return encoded(first, groups);
  } catch {
    return encoded(first, groups.map(withoutStatistics));
  }
}

function encoded({ schema, key_value_metadata }: FileMetaData, groups: readonly RowGroup[]): Uint8Array {
  const bytes = new ByteWriter();
  const writer = new ParquetWriter({
    writer: bytes,
    schema,
    createdBy: 'shardyard',
    statisticsTruncateLength: Infinity,
    ...(key_value_metadata ? { kvMetadata: key_value_metadata } : {}),
  });
  const body = bytes.offset;
  writer.row_groups = [...groups];
  writer.num_rows = groups.reduce((sum, { num_rows }) => sum + num_rows, 0n);
  void writer.finish();
  return bytes.getBytes().subarray(body);
}

function shifted(group: RowGroup, shift: bigint): RowGroup {
  return {
    ...group,
    ...(group.file_offset === undefined ? {} : { file_offset: group.file_offset + shift }),
    columns: group.columns.map((chunk) => moved(chunk, shift)),
  };
}

/** Page indexes and bloom filters stay behind, so that nothing points at them. */
function moved({ file_offset, meta_data }: ColumnChunk, shift: bigint): ColumnChunk {
  if (!meta_data) return { file_offset: file_offset + shift };
  const {
    bloom_filter_offset: _,
    bloom_filter_length: __,
    index_page_offset: ___,
    dictionary_page_offset: dictionary,
    ...rest
  } = meta_data;
  return {
    file_offset: file_offset === 0n ? 0n : file_offset + shift,
    meta_data: {
      ...rest,
      data_page_offset: meta_data.data_page_offset + shift,
      // Some writers say 0 for none.
      ...(dictionary === undefined || dictionary === 0n ? {} : { dictionary_page_offset: dictionary + shift }),
    },
  };
}

const withoutStatistics = (group: RowGroup): RowGroup => ({
  ...group,
  columns: group.columns.map((chunk) => {
    if (!chunk.meta_data) return chunk;
    const { statistics: _, ...rest } = chunk.meta_data;
    return { ...chunk, meta_data: rest };
  }),
});
