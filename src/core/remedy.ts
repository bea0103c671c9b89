import { brief } from './brief.ts';
import { unreachable } from './errors.ts';
import type { Cause } from './outcome.ts';

/** One sentence that says what to do about a cause; undefined where there is nothing to do but to resume. */
export function remedy(cause: Cause): string | undefined {
  switch (cause) {
    case 'ok':
    case 'orphaned':
    case 'stopped':
      return undefined;
    case 'error':
      return 'The worker threw: read the stack in the log, mend the worker or the item, then rerun; raise --retries if the error comes and goes.';
    case 'exit':
      return 'The process exited with a code other than 0: its last words are in the log.';
    case 'no-receipt':
      return 'The process exited with code 0 in the middle of its work: take process.exit() out of the worker and throw instead.';
    case 'signal':
      return 'A signal ended the process: SIGSEGV, SIGBUS, SIGILL and SIGABRT come from native code in the item; any other comes from outside (a scheduler, a limit, kill): look who sends it, then rerun.';
    case 'heap-limit':
      return 'V8 ran out of heap: use a smaller --batch-size, or give it more with --node-arg=--max-old-space-size=4096 (megabytes).';
    case 'oom-killed':
      return 'The machine, or its cgroup, ran out of memory: use fewer --processes or a smaller --batch-size, --memory-free to wait where it is short, --max-rss to end the culprit in time.';
    case 'item-timeout':
      return 'The item took too long: raise --item-timeout, or make the worker heed ctx.signal and give up earlier.';
    case 'batch-timeout':
      return 'The batch took too long: use a smaller --batch-size or raise --batch-timeout.';
    case 'stalled':
      return 'The event loop was blocked: split long computations with an await, or give the item more time with --item-timeout.';
    case 'rss-limit':
      return 'The process outgrew --max-rss during the item: raise --max-rss, or make the item hold less in memory.';
    case 'setup-failed':
      return 'The worker could not be imported or its setup() threw: mend it, and try it on one item with --limit 1.';
    case 'bad-output':
      return 'The command ended with exit code 0, but its output does not do: look at the file that is named, and at --collect; `shardyard logs` has what it printed.';
    default:
      return unreachable(cause);
  }
}

/** What `groupFailures` needs to know of a failure. */
export interface Failure {
  readonly key: string;
  readonly cause: Cause;
  readonly message: string;
}

/** Failures that are the same but for their numbers and keys. */
export interface FailureGroup<F extends Failure> {
  readonly cause: Cause;
  /** The message if all have the same, else with `<key>`, `<n>` and `<id>` in the place of what differs. */
  readonly message: string;
  readonly count: number;
  /** The first of them. */
  readonly sample: F;
}

/** Failures by cause and message, most frequent first; numbers, keys and ids within the messages are taken as equal. */
export function groupFailures<F extends Failure>(failures: Iterable<F>): FailureGroup<F>[] {
  const groups = new Map<string, { pattern: string; count: number; same: boolean; sample: F }>();
  for (const failure of failures) {
    const pattern = patternOf(failure);
    const id = `${failure.cause} ${pattern}`;
    const group = groups.get(id);
    if (group) {
      group.count += 1;
      group.same &&= group.sample.message === failure.message;
    } else groups.set(id, { pattern, count: 1, same: true, sample: failure });
  }
  return [...groups.values()]
    .toSorted((a, b) => b.count - a.count)
    .map(({ pattern, count, same, sample }) => ({ cause: sample.cause, message: same ? sample.message : pattern, count, sample }));
}

/** Messages are compared by their beginning: what comes later (a dump, a response) seldom names the reason. */
const COMPARED_LENGTH = 500;
/** Less than is kept of a message: those that differ in the length of a number are not cut at the same place. */
const PATTERN_LENGTH = 150;
const LONG_ID = /(?<![\p{L}\p{N}_])(?=[\da-f-]*\d)(?:0x[\da-f]+|[\da-f]{8,}(?:-[\da-f]{4,})*)(?![\p{L}\p{N}_])/giu;
const NUMBER = /-?\d+(?:[.,:]\d+)*/g;
/** A number after one of these names the kind of the error: HTTP 404 and HTTP 503 are two failures, not one. */
const TELLING = /(?:http(?:\/[\d.]+)?|status|code|exit|errno|signal)[\s:=(]*$/i;

function patternOf({ key, message }: Failure): string {
  const start = message.slice(0, COMPARED_LENGTH).replace(/\s+/g, ' ').trim();
  const pattern = withoutKey(start, key)
    .replace(LONG_ID, '<id>')
    .replace(NUMBER, (number: string, offset: number, text: string) =>
      TELLING.test(text.slice(Math.max(0, offset - 30), offset)) ? number : '<n>',
    );
  return brief(pattern, PATTERN_LENGTH);
}

const WORD = /[\p{L}\p{N}_]/u;

/**
 * Replaces the key where it stands alone, so that a key "a" leaves the words of the message whole. Not by a regular expression
 * of the key: one takes a millisecond to build, and there may be 100,000 failures.
 */
function withoutKey(text: string, key: string): string {
  if (key === '') return text;
  let result = '';
  let from = 0;
  for (let at = text.indexOf(key); at !== -1; at = text.indexOf(key, at + key.length)) {
    const end = at + key.length;
    if (WORD.test(text.charAt(at - 1)) || WORD.test(text.charAt(end))) continue;
    result += `${text.slice(from, at)}<key>`;
    from = end;
  }
  return result + text.slice(from);
}
