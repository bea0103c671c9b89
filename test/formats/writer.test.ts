import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { csvEncoder, csvHeader } from '../../src/formats/csv-row.ts';
import { openFileSink } from '../../src/formats/file-sink.ts';
import { jsonEncoder } from '../../src/formats/json-row.ts';
import { openWriter, type WriterOptions } from '../../src/formats/writer.ts';
import { cut } from './samples.ts';

const folder = mkdtempSync(join(tmpdir(), 'writer-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const newFile = (): string => join(folder, `file-${files++}`);
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const COLUMNS = ['id', 'text', 'nested'];
// More than two blocks of compression, and not a multiple of anything.
const ROWS = Array.from({ length: 9000 }, (_, id) => ({
  id,
  text: `${'é😀'.repeat(id % 17)} "${(id * 7919) % 1000}",\n`,
  nested: { x: [id] },
}));
const CSV = Buffer.from(ROWS.map(csvEncoder(COLUMNS)).join(''));
const NDJSON = Buffer.from(ROWS.map(jsonEncoder()).join(''));
const TEXT_NDJSON = ROWS.map(
  ({ id, text, nested }) => `${JSON.stringify({ id: String(id), text, nested: JSON.stringify(nested) })}\n`,
).join('');
const asArray = (lines: string): string => `[\n${lines.trimEnd().replaceAll('\n', ',\n')}\n]\n`;

const kinds: readonly (Pick<WriterOptions, 'from' | 'format' | 'columns'> & { given: Buffer; wanted: string; empty: string })[] = [
  { from: 'csv', format: 'csv', columns: COLUMNS, given: CSV, wanted: csvHeader(COLUMNS) + CSV.toString(), empty: 'id,text,nested\n' },
  { from: 'csv', format: 'jsonl', columns: COLUMNS, given: CSV, wanted: TEXT_NDJSON, empty: '' },
  { from: 'csv', format: 'json', columns: COLUMNS, given: CSV, wanted: asArray(TEXT_NDJSON), empty: '[]\n' },
  { from: 'ndjson', format: 'jsonl', columns: undefined, given: NDJSON, wanted: NDJSON.toString(), empty: '' },
  { from: 'ndjson', format: 'json', columns: undefined, given: NDJSON, wanted: asArray(NDJSON.toString()), empty: '[]\n' },
  {
    from: 'ndjson',
    format: 'csv',
    columns: COLUMNS,
    given: NDJSON,
    wanted: csvHeader(COLUMNS) + CSV.toString(),
    empty: 'id,text,nested\n',
  },
];

const unpack = {
  none: (bytes: Buffer) => bytes,
  gzip: (bytes: Buffer) => gunzipSync(bytes),
  zstd: (bytes: Buffer) => zstdDecompressSync(bytes),
};

/** Writes chunks as the merge does: always the same buffer, filled anew once the writer has let go of it. */
async function written(options: Omit<WriterOptions, 'file'>, chunks: readonly Uint8Array[]): Promise<Buffer> {
  const file = newFile();
  const writer = openWriter({ ...options, file });
  const buffer = Buffer.alloc(Math.max(0, ...chunks.map((chunk) => chunk.length)));
  for (const chunk of chunks) {
    buffer.set(chunk);
    await writer.write(buffer.subarray(0, chunk.length));
    buffer.fill(0);
  }
  const digest = await writer.finish();
  const bytes = readFileSync(file);
  expect(digest).toEqual({ bytes: bytes.length, sha256: sha256(bytes) });
  return bytes;
}

describe.each(kinds)('$from to $format', ({ given, wanted, empty, ...kind }) => {
  describe.each(['none', 'gzip', 'zstd'] as const)('with compression %s', (compression) => {
    const options = { ...kind, compression };

    test('has the rows, and the same bytes wherever the chunks are cut', async () => {
      const bytes = await written(options, [given]);
      // Not toBe: a diff of these texts takes minutes.
      expect(unpack[compression](bytes).toString() === wanted).toBe(true);
      const border = 262_144;
      for (const borders of [
        [border, border + 1, 2 * border],
        [1, 2, 3, ...Array.from({ length: 997 }, (_, n) => n * 613), border - 1].toSorted((a, b) => a - b),
      ]) {
        expect(sha256(await written(options, cut(given, borders)))).toBe(sha256(bytes));
      }
    });

    test('without rows', async () => {
      expect(unpack[compression](await written(options, [])).toString()).toBe(empty);
      expect(unpack[compression](await written(options, [new Uint8Array(0)])).toString()).toBe(empty);
    });
  });
});

test('gzip says nothing of when, where and by whom', async () => {
  const bytes = await written({ from: 'csv', format: 'csv', compression: 'gzip', columns: ['a'] }, []);
  // Magic, deflate, no flags (no name), time 0, default effort.
  expect(bytes.subarray(0, 9).toString('hex')).toBe('1f8b08000000000000');
});

test('a header that is longer than a block of compression', async () => {
  const columns = Array.from({ length: 40_000 }, (_, n) => `a long name of a column ${n}`);
  const bytes = await written({ from: 'csv', format: 'csv', compression: 'zstd', columns }, [Buffer.from('1\n')]);
  expect(zstdDecompressSync(bytes).toString()).toBe(`${columns.join(',')}\n1\n`);
});

test.each(['gzip', 'zstd'] as const)('%s holds back no more than some blocks', async (compression) => {
  const file = newFile();
  const writer = openWriter({ file, format: 'jsonl', compression, from: 'ndjson', columns: undefined });
  const MiB = 1024 * 1024;
  for (let count = 0; count < 8; count++) await writer.write(randomBytes(MiB));
  expect(statSync(file).size).toBeGreaterThan(7 * MiB);
  await writer.abort();
});

test('raw chunks are written before `write` returns', async () => {
  const file = newFile();
  const writer = openWriter({ file, format: 'jsonl', compression: 'none', from: 'ndjson', columns: undefined });
  expect(writer.write(Buffer.from('{}\n'))).toBeUndefined();
  expect(readFileSync(file, 'utf8')).toBe('{}\n');
  await writer.finish();
});

test('an old file of that name is overwritten', async () => {
  const file = newFile();
  writeFileSync(file, 'something old and longer');
  const writer = openWriter({ file, format: 'json', compression: 'none', from: 'ndjson', columns: undefined });
  await writer.finish();
  expect(readFileSync(file, 'utf8')).toBe('[]\n');
});

test('CSV needs columns', () => {
  const file = newFile();
  expect(() => openWriter({ file, format: 'json', compression: 'none', from: 'csv', columns: undefined })).toThrow('without its columns');
  expect(existsSync(file)).toBe(false);
});

describe('abort', () => {
  test.each(['none', 'gzip', 'zstd'] as const)('deletes the file, compression %s', async (compression) => {
    const file = newFile();
    const writer = openWriter({ file, format: 'csv', compression, from: 'csv', columns: ['a'] });
    for (let count = 0; count < 20; count++) await writer.write(CSV);
    await writer.abort();
    await writer.abort();
    expect(existsSync(file)).toBe(false);
    expect(openFiles()).not.toContain(file);
  });

  test('after a row that is wrong', async () => {
    const file = newFile();
    const writer = openWriter({ file, format: 'csv', compression: 'zstd', from: 'ndjson', columns: ['a'] });
    await writer.write(Buffer.from('{"a":1}\n'));
    await expect((async () => writer.write(Buffer.from('nonsense\n')))()).rejects.toThrow('row 2 is not a JSON object');
    await writer.abort();
    expect(existsSync(file)).toBe(false);
  });

  test.each(['none', 'gzip'])('after a full disk, compression %s', (compression) => {
    const script = join(import.meta.dirname, 'limited-disk.ts');
    const output = execFileSync('bash', ['-c', 'ulimit -f 256; exec node "$@"', 'bash', script, newFile(), compression], {
      encoding: 'utf8',
    });
    expect(JSON.parse(output)).toEqual({ code: 'EFBIG', there: false });
  });
});

describe('a large file', () => {
  const chunk = Buffer.alloc(1024 * 1024, 'some bytes, ');

  test('is hashed by the thread', async () => {
    const file = newFile();
    const writer = openWriter({ file, format: 'jsonl', compression: 'none', from: 'ndjson', columns: undefined });
    const hash = createHash('sha256');
    for (let count = 0; count < 100; count++) {
      chunk.writeUInt32LE(count, 512);
      hash.update(chunk);
      writer.write(chunk);
    }
    writer.write(Buffer.from('end'));
    expect(await writer.finish()).toEqual({ bytes: 100 * chunk.length + 3, sha256: hash.update('end').digest('hex') });
    rmSync(file);
  });

  test('that grows in small steps', async () => {
    const file = newFile();
    const sink = openFileSink(file, { followFrom: 1 });
    for (const piece of cut(
      CSV,
      Array.from({ length: 2000 }, (_, n) => n * 311),
    )) {
      sink.write(piece);
      await Promise.resolve();
    }
    expect(await sink.finish()).toEqual({ bytes: CSV.length, sha256: sha256(CSV) });
    expect(openFiles()).not.toContain(file);
  });

  test.each([1, 1e9])('that somebody cuts off is noticed, thread from %d bytes on', async (followFrom) => {
    const file = newFile();
    const sink = openFileSink(file, { followFrom });
    sink.write(chunk.subarray(0, 1000));
    truncateSync(file, 10);
    sink.write(chunk.subarray(0, 0));
    truncateSync(file, 0);
    await expect(sink.finish()).rejects.toThrow(/^the file ends at \d+ of 1000 bytes$/);
    await sink.abort();
    expect(existsSync(file)).toBe(false);
  });

  test('is aborted together with its thread', async () => {
    const file = newFile();
    const sink = openFileSink(file, { followFrom: 1 });
    sink.write(chunk);
    await sink.abort();
    expect(existsSync(file)).toBe(false);
    expect(openFiles()).not.toContain(file);
  });
});

/** What this process has open, deleted files too. */
function openFiles(): string {
  const links = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      // Closed since, such as the one that listed them.
      return '';
    }
  });
  return links.join('\n');
}
