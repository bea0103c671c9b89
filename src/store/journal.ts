import { closeSync, existsSync, fdatasync, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { UserError } from '../core/errors.ts';
import type { EventType, RunEvent } from '../core/events.ts';
import { syncPath, writeAll } from './files.ts';

const CHUNK = 1 << 20;
const SUFFIX = /,"crc32":(\d+)\}$/;

/** A journal line: the event as JSON, with the CRC-32 of everything before the checksum. */
export function formatLine(event: RunEvent): string {
  const body = JSON.stringify(event).slice(0, -1);
  return `${body},"crc32":${crc32(body)}}\n`;
}

/** The event of a line; `undefined` when the checksum does not fit. */
export function parseLine(line: string): RunEvent | undefined {
  const match = SUFFIX.exec(line);
  if (!match || crc32(line.slice(0, match.index)) !== Number(match[1])) return undefined;
  // The checksum proves that this is what `formatLine` wrote.
  return JSON.parse(`${line.slice(0, match.index)}}`) as RunEvent;
}

/**
 * Reads a journal, event by event, in constant memory; returns the length in bytes of what is good. A torn end (a bad last line) is
 * left out; a bad line before it is an error.
 */
export function readJournal(file: string, onEvent: (event: RunEvent) => void): number {
  const descriptor = openSync(file, 'r');
  try {
    const chunk = Buffer.allocUnsafe(CHUNK);
    let rest: Buffer = Buffer.alloc(0);
    let good = 0;
    let line = 0;
    let bad: number | undefined;
    for (let size = readSync(descriptor, chunk, 0, CHUNK, null); size > 0; size = readSync(descriptor, chunk, 0, CHUNK, null)) {
      const bytes = rest.length > 0 ? Buffer.concat([rest, chunk.subarray(0, size)]) : chunk.subarray(0, size);
      let start = 0;
      for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
        line++;
        if (bad !== undefined) throw damaged(file, bad);
        const event = parseLine(bytes.toString('utf8', start, end));
        if (event) {
          onEvent(event);
          good += end + 1 - start;
        } else bad = line;
        start = end + 1;
      }
      rest = Buffer.from(bytes.subarray(start));
    }
    if (bad !== undefined && rest.length > 0) throw damaged(file, bad);
    return good;
  } finally {
    closeSync(descriptor);
  }
}

const damaged = (file: string, line: number): UserError =>
  new UserError('this line of the journal is damaged, and others follow it', {
    place: { file, line },
    hint: 'the disk or another program has changed it; restore the file from a backup, or start a new run',
  });

/** Events that say what counts; they are made durable as they are appended. */
const LASTING: ReadonlySet<EventType> = new Set(['opened', 'planned', 'owed', 'committed', 'item-failed', 'merged', 'closed']);

/** The parent's append-only file of events. `append` is durable once `synced()` has settled. */
export class Journal {
  readonly #descriptor: number;
  #length: number;
  #dirty = false;
  #syncing: Promise<void> | undefined;
  /** What a sync has failed with. The kernel drops what it could not write, so that a later sync that succeeds proves nothing. */
  #fault: Error | undefined;

  /** Opens a journal for appending behind its first `length` bytes; a torn end is cut off. */
  constructor(file: string, length: number) {
    const isNew = !existsSync(file);
    this.#descriptor = openSync(file, 'a');
    this.#length = length;
    if (isNew) syncPath(dirname(file));
    if (fstatSync(this.#descriptor).size > length) ftruncateSync(this.#descriptor, length);
  }

  /** Appends a line at once; a line that did not fit on the disk is cut off again, and the error thrown. */
  append(event: RunEvent): void {
    if (this.#fault) throw this.#fault;
    const bytes = Buffer.from(formatLine(event));
    try {
      writeAll(this.#descriptor, bytes);
    } catch (error) {
      ftruncateSync(this.#descriptor, this.#length);
      throw error;
    }
    this.#length += bytes.length;
    this.#dirty = true;
    // The rest is written down for those who survive a crash of ours, for which the kernel's memory is enough; what a power cut
    // takes of it is found again by looking: children are gone, and the parts' folder has the names of all attempts.
    if (LASTING.has(event.type)) void this.synced().catch(() => undefined);
  }

  /** Settles once everything appended so far is durable. Calls share their syncs. */
  async synced(): Promise<void> {
    while (this.#dirty || this.#syncing) {
      this.#syncing ??= this.#sync();
      await this.#syncing;
    }
    if (this.#fault) throw this.#fault;
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #sync(): Promise<void> {
    this.#dirty = false;
    return new Promise<void>((resolve, reject) => {
      fdatasync(this.#descriptor, (error) => {
        if (!error) return resolve();
        this.#fault = error;
        reject(error);
      });
    }).finally(() => (this.#syncing = undefined));
  }
}
