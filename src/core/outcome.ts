/**
 * Why an attempt, a child or an item ended as it did.
 *
 * ok: all right. error: the item threw. exit: exit code other than 0. no-receipt: exit code 0 without a receipt. signal: killed from outside.
 * heap-limit: V8 ran out of heap. oom-killed: the kernel ran out of memory. item-timeout, batch-timeout: took longer than allowed.
 * stalled: no heartbeat. rss-limit: grew past `--max-rss`. orphaned: its parent died. stopped: we asked. setup-failed: `setup` or the
 * import of the worker threw.
 */
export type Cause =
  | 'ok'
  | 'error'
  | 'exit'
  | 'no-receipt'
  | 'signal'
  | 'heap-limit'
  | 'oom-killed'
  | 'item-timeout'
  | 'batch-timeout'
  | 'stalled'
  | 'rss-limit'
  | 'orphaned'
  | 'stopped'
  | 'setup-failed';

/** What was observed of a child that is gone. */
export interface Observed {
  readonly code: number | null;
  readonly signal: string | null;
  /** Why and how we told it to go, if we did. */
  readonly told: { readonly why: Cause; readonly how: 'message' | 'SIGTERM' | 'SIGKILL' } | undefined;
  /** Whether it was set up, and whether it handed in a receipt that holds. */
  readonly phase: 'starting' | 'ready' | 'busy' | 'leaving';
  /** The last that its attempt printed. */
  readonly tail: string;
  /** Whether the parent's channel to it was closed before. */
  readonly orphaned: boolean;
  /** How many processes the kernel's OOM killer has ended meanwhile, as far as it tells. */
  readonly oomKills: number;
}

const HEAP = /JavaScript heap out of memory|Reached heap limit|invalid table size/;

/** The cause of a child's death, from what was observed. */
export function causeOf({ code, signal, told, phase, tail, orphaned, oomKills }: Observed): Cause {
  // A child that was only asked, and was at work, leaves with a receipt: what it died of instead is no doing of ours.
  if (told !== undefined && (told.how !== 'message' || phase !== 'busy')) return told.why;
  if (orphaned) return 'orphaned';
  if (phase === 'starting') return 'setup-failed';
  if (signal === 'SIGKILL' && oomKills > 0) return 'oom-killed';
  if (phase === 'leaving' || phase === 'ready') return code === 0 ? 'ok' : signal ? 'signal' : 'exit';
  if (HEAP.test(tail) && (signal === 'SIGABRT' || signal === 'SIGTRAP' || code === 134 || code === 133)) return 'heap-limit';
  if (signal !== null) return 'signal';
  return code === 0 ? 'no-receipt' : 'exit';
}

/** One clause that says how a child ended: `exit code 3`, `SIGKILL`. */
export function describeEnd(code: number | null, signal: string | null): string {
  return signal !== null ? `killed by ${signal}` : `exit code ${code ?? 'unknown'}`;
}
