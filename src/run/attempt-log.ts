import { appendFileSync, closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { logName } from '../core/names.ts';
import type { RunEvent } from '../core/events.ts';
import type { Running } from '../core/running.ts';

/** Bytes of a log that are looked at: what V8 says when it is out of heap has a stack or two behind it. */
const TAIL = 16_384;

/** The file that an attempt's child prints to. */
export const logOf = (logs: string, attempt: Pick<Running, 'shard' | 'batch' | 'stolen'>): string =>
  join(logs, logName(attempt, attempt.stolen));

/** Opens and closes each attempt in its log by a line that says what it is and how it ended. */
export function writeLogLine(logs: string, event: RunEvent, attempt: Running | undefined): void {
  if (!attempt) return;
  const head = `batch ${attempt.batch} attempt ${attempt.attempt}`;
  const time = new Date(event.at).toISOString();
  if (event.type === 'dispatched') {
    const spans = event.spans.slice(0, 5).map(([start, end]) => `[${start},${end})`);
    if (event.spans.length > 5) spans.push(`… ${event.spans.length - 5} more`);
    append(logs, attempt, `--- ${time} ${head}: items ${spans.join(' ')}${event.mode === 'normal' ? '' : ` (${event.mode})`}`);
  } else if (event.type === 'attempt-ended') {
    const seconds = ((event.at - attempt.since) / 1000).toFixed(1);
    const left = attempt.unsettled.size > 0 ? `, ${attempt.unsettled.size} items left to do` : '';
    append(
      logs,
      attempt,
      `--- ${time} ${head} ended: ${event.cause} after ${seconds} s${left}${event.message ? `: ${event.message}` : ''}`,
    );
  } else if (event.type === 'limit-near') append(logs, attempt, `--- ${time} ${head}: ${event.message}`);
}

function append(logs: string, attempt: Running, line: string): void {
  try {
    appendFileSync(logOf(logs, attempt), `${line.replace(/[\r\n]+/g, ' ')}\n`);
  } catch {
    // A log that cannot be written must not end the run; the disk's fault shows where it counts.
  }
}

/** How much is in a log; 0 where there is none. */
export const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

/** The last of what was added to a log behind `from`, as evidence: what an earlier attempt printed is none. */
export function tailOf(file: string, from: number): string {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch {
    return '';
  }
  try {
    const { size } = fstatSync(descriptor);
    const start = Math.max(from, size - TAIL);
    const buffer = Buffer.allocUnsafe(Math.max(0, size - start));
    const length = readSync(descriptor, buffer, 0, buffer.length, start);
    return buffer.toString('utf8', 0, length);
  } finally {
    closeSync(descriptor);
  }
}
