import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LineSplitter } from './line-splitter.ts';
import type { FileHandle } from 'node:fs/promises';

const CHUNK = 1 << 16;

/** A shard's log, or that of a batch which another slot took over: `shard-00003.log`, `shard-00003.batch-00007.log`. */
export interface LogFile {
  readonly path: string;
  readonly shard: number;
}

/** The logs in a folder of the shards that `wanted` accepts, by shard, a shard's own log first. No folder: none. */
export async function findLogs(folder: string, wanted: (shard: number) => boolean): Promise<LogFile[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  });
  return names
    .flatMap((name) => {
      const match = /^shard-(\d+)(?:\.batch-(\d+))?\.log$/.exec(name);
      return match ? [{ path: join(folder, name), shard: Number(match[1]), batch: Number(match[2] ?? -1) }] : [];
    })
    .filter(({ shard }) => wanted(shard))
    .toSorted((a, b) => a.shard - b.shard || a.batch - b.batch)
    .map(({ path, shard }) => ({ path, shard }));
}

/** Reads the lines of a log that grows; each call of `lines` goes on where the last one ended. */
export class LogReader {
  readonly #path: string;
  readonly #splitter = new LineSplitter();
  #offset = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** The whole lines that were appended, a chunk's at a time. */
  async *lines(): AsyncGenerator<Buffer[]> {
    let file: FileHandle;
    try {
      file = await open(this.#path);
    } catch (error) {
      // Cleaned away in between.
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
      throw error;
    }
    try {
      const buffer = Buffer.allocUnsafe(CHUNK);
      for (;;) {
        const { bytesRead } = await file.read(buffer, 0, CHUNK, this.#offset);
        if (bytesRead === 0) return;
        this.#offset += bytesRead;
        yield this.#splitter.push(buffer.subarray(0, bytesRead));
      }
    } finally {
      await file.close();
    }
  }

  /** What stands behind the last newline, for when nothing more can come. */
  rest(): Buffer[] {
    return this.#splitter.end();
  }
}
