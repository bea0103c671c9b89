import { constants, createGzip, createZstdCompress } from 'node:zlib';
import type { Digest, FileSink, Sink } from './sink.ts';

/**
 * Compression always gets blocks of this size. So the bytes that come out depend on the bytes that go in and on nothing
 * else, and one block is compressed (by Node's thread pool) while the next is filled.
 */
const BLOCK = 256 * 1024;

/** Compresses on the way to a file. Node's gzip writes no time and no name; zstd gets a checksum, as its command line gives. */
export function compressInto(file: FileSink, compression: 'gzip' | 'zstd'): Sink {
  const stream =
    compression === 'gzip'
      ? createGzip({ level: 6 })
      : createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 } });
  const compressed: Buffer[] = [];
  stream.on('data', (piece: Buffer) => compressed.push(piece));
  // Each failure also reaches the callback of the write it belongs to; without a listener it would end the process.
  stream.on('error', () => {});

  let block = Buffer.allocUnsafe(BLOCK);
  let spare = Buffer.allocUnsafe(BLOCK);
  let filled = 0;
  let busy: Promise<void> = Promise.resolve();

  function write(chunk: Uint8Array): void | Promise<void> {
    if (filled + chunk.length >= BLOCK) return fillBlocks(chunk);
    block.set(chunk, filled);
    filled += chunk.length;
  }

  async function fillBlocks(chunk: Uint8Array): Promise<void> {
    for (let start = 0; start < chunk.length;) {
      const piece = chunk.subarray(start, start + BLOCK - filled);
      block.set(piece, filled);
      filled += piece.length;
      start += piece.length;
      if (filled === BLOCK) await handOver();
    }
  }

  /** Waits for the block before, and starts on this one. */
  async function handOver(): Promise<void> {
    await busy;
    flush();
    busy = compress(block.subarray(0, filled));
    busy.catch(() => {});
    [block, spare] = [spare, block];
    filled = 0;
  }

  function compress(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => stream.write(bytes, (error) => (error ? reject(error) : resolve())));
  }

  function flush(): void {
    for (const piece of compressed.splice(0)) file.write(piece);
  }

  async function finish(): Promise<Digest> {
    await handOver();
    await busy;
    await new Promise<void>((resolve, reject) => {
      stream.once('error', reject);
      stream.once('end', resolve);
      stream.end();
    });
    flush();
    return file.finish();
  }

  async function abort(): Promise<void> {
    stream.destroy();
    await file.abort();
  }

  return { write, finish, abort };
}
