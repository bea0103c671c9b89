import { appendFileSync } from 'node:fs';
import { describeEvidence } from '../core/evidence.ts';
import type { ItemFailure, RunEvent } from '../core/events.ts';
import { brief } from '../core/brief.ts';
import { remedy } from '../core/remedy.ts';
import { commandForItem } from './next-command.ts';
import type { Folders } from './snapshot.ts';

export interface FailureLog {
  readonly run: string;
  readonly folders: Folders;
  /** Path of the log that an event's attempt prints to. */
  readonly file: string;
}

/** Says in the log of its attempt which item is given up, why, what to do about it, and which command does it again. */
export function logFailures(event: Extract<RunEvent, { type: 'item-failed' | 'committed' }>, { run, folders, file }: FailureLog): void {
  const failed = event.type === 'committed' ? event.receipt.failed : [event.failure];
  if (failed.length === 0) return;
  const time = new Date(event.at).toISOString();
  const lines = failed.map((failure) => `--- ${time} ${describe(failure, commandForItem(run, failure.key, folders))}`);
  try {
    appendFileSync(file, lines.map((line) => `${line.replace(/[\r\n]+/g, ' ')}\n`).join(''));
  } catch {
    // A log that cannot be written must not end the run; the disk's fault shows where it counts.
  }
}

function describe({ index, key, cause, message, tries, evidence }: ItemFailure, command: string): string {
  const seen = evidence ? describeEvidence(evidence) : '';
  const advice = remedy(cause);
  return [
    `item ${index} (${brief(key, 100)}) is given up after ${tries} ${tries === 1 ? 'try' : 'tries'}: ${cause}`,
    ...(seen.startsWith(message) ? [] : [message]),
    ...(seen === '' ? [] : [seen]),
    ...(advice === undefined ? [] : [advice]),
    `To do it again: ${command}`,
  ]
    .map((part) => part.replace(/\.$/, ''))
    .join('. ');
}
