import { parentPort, workerData } from 'node:worker_threads';
import { unreachable } from '../core/errors.ts';
import type { Piece } from '../core/pieces.ts';
import { createColumnUnion } from '../formats/columns.ts';
import { createLines } from '../formats/lines.ts';
import { openWriter, type OutputWriter } from '../formats/writer.ts';
import type { EarlyJob, FromThread, ToThread } from './early-job.ts';
import { PartSource } from './part-source.ts';

// Runs in a thread of the parent, see `EarlyMerge`: writes what is ready, verified, while the run goes on.
const job = workerData as EarlyJob;
const source = new PartSource({ parts: job.parts, format: job.from, rerun: () => '' });
let columns = job.columns;
let writer: OutputWriter | undefined;
let rows = 0;
let isOver = false;
/** Messages are worked through one after the other, as a writer may wait. */
let turn: Promise<void> = Promise.resolve();

parentPort?.on('message', (message: ToThread) => {
  turn = turn.then(() => take(message)).catch(giveUp);
});

async function take(message: ToThread): Promise<void> {
  if (isOver) return;
  switch (message.type) {
    case 'pieces':
      await write(message.pieces);
      return answer({ type: 'written' });
    case 'finish': {
      const { bytes, sha256 } = await (writer ?? open()).finish();
      end();
      return answer({ type: 'finished', output: { rows, bytes, sha256, parts: source.used.size, columns: columns ?? null } });
    }
    default:
      return unreachable(message);
  }
}

async function write(pieces: readonly Piece[]): Promise<void> {
  for (const piece of pieces) {
    const found = writer ?? (await openFor(piece));
    // Rows may begin later in the list.
    if (found) rows += await source.read([piece], (chunk) => found.write(chunk));
  }
}

/** Opens the output, if its columns are known by now: by this piece, where nobody has declared them. */
async function openFor(piece: Piece): Promise<OutputWriter | undefined> {
  if (job.format !== 'csv' || columns) return open();
  const union = createColumnUnion();
  const lines = createLines();
  const add = (found: readonly string[]): void => {
    for (const line of found) if (line !== '') union.add(line);
  };
  const count = await source.read([piece], (chunk) => add(lines.push(chunk)));
  add(lines.end());
  if (count === 0) return undefined;
  columns = union.columns();
  return open();
}

function open(): OutputWriter {
  const { file, format, compression, from } = job;
  return (writer = openWriter({ file, format, compression, from, columns, steady: true }));
}

async function giveUp(error: unknown): Promise<void> {
  try {
    await writer?.abort();
  } catch {
    // The next writer of that name overwrites what is left.
  }
  end();
  answer({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
}

function end(): void {
  isOver = true;
  source.close();
  // Nothing else keeps the thread.
  parentPort?.unref();
}

function answer(message: FromThread): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is for windows; a thread's port takes one argument
  parentPort?.postMessage(message);
}
