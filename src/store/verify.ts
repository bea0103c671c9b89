import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import type { Artifact } from '../core/artifact.ts';
import type { PartTotals } from '../core/events.ts';
import { type AttemptFiles, salvage } from './ledger.ts';
import { stagedFault } from './staged.ts';

/** See `run/part-source`: what fits into a core's cache. */
const CHUNK = 1 << 18;
/** So many bytes are read before the event loop gets a turn: 16 MiB take about 10 ms. */
const TURN = 16 << 20;

/**
 * Looks for what a child claims in the files it wrote (P3): the ledger's bytes, lines and checksum, and the part's. Gives what is
 * wrong, or `undefined` when everything is there. Artifacts, which may be large, are looked at for their size only.
 */
export async function findFault(
  files: AttemptFiles,
  claimed: PartTotals,
  artifacts: readonly Artifact[] = [],
): Promise<string | undefined> {
  const missing = stagedFault(files.staged, artifacts);
  if (missing !== undefined) return missing;
  const ledger = await scan(files.ledger, Infinity, true);
  if (ledger.bytes !== claimed.ledgerBytes) return `the ledger has ${ledger.bytes} bytes, not ${claimed.ledgerBytes}`;
  if (ledger.crc32 !== claimed.ledgerCrc32) return 'the ledger does not have the checksum that the child claims';
  if (ledger.lines !== claimed.ledgerLines) return `the ledger has ${ledger.lines} lines, not ${claimed.ledgerLines}`;
  if (claimed.layout === 'plain') {
    const part = await scan(files.part, claimed.bytes, false);
    if (part.bytes !== claimed.bytes) return `the part has ${part.bytes} bytes, not ${claimed.bytes}`;
    return part.crc32 === claimed.crc32 ? undefined : 'the part does not have the checksum that the child claims';
  }
  const found = salvage(files);
  if (found.items !== claimed.items) return `${found.items} items verify, not ${claimed.items}`;
  if (found.rows !== claimed.rows || found.bytes !== claimed.bytes) return 'rows or bytes differ from what the child claims';
  return found.crc32 === claimed.crc32 ? undefined : 'the part does not have the checksum that the child claims';
}

async function scan(file: string, limit: number, countLines: boolean): Promise<{ bytes: number; crc32: number; lines: number }> {
  const descriptor = openSync(file, 'r');
  try {
    const end = Math.min(limit, fstatSync(descriptor).size);
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK, Math.max(1, end)));
    let [at, crc, lines, turn] = [0, 0, 0, 0];
    while (at < end) {
      const size = readSync(descriptor, buffer, 0, Math.min(buffer.length, end - at), at);
      if (size === 0) break;
      const bytes = buffer.subarray(0, size);
      crc = crc32(bytes, crc);
      if (countLines) for (let next = bytes.indexOf(10); next >= 0; next = bytes.indexOf(10, next + 1)) lines++;
      at += size;
      turn += size;
      if (turn >= TURN) {
        turn = 0;
        await nextTurn();
      }
    }
    return { bytes: at, crc32: crc, lines };
  } finally {
    closeSync(descriptor);
  }
}
