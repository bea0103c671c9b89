import type { Cause } from '../core/outcome.ts';
import type { Child } from '../executors/executor.ts';
import type { OldestItem, ToParent } from '../ipc/messages.ts';

/** What is known of a child and not worth a line in the journal. Times in milliseconds since 1970. */
export interface Live {
  readonly child: Child;
  /** Whether it has been told what the run is about; not before the guard knows its group. */
  introduced: boolean;
  attempt: string | undefined;
  settled: number;
  rows: number;
  begun: number;
  /** The last heartbeat: when it came, and the item that had been under way longest. */
  heardAt: number;
  oldest: OldestItem | null;
  /** All items under way by that heartbeat, those given up, and the packed `ItemTimes` of the attempt. */
  open: readonly OldestItem[];
  failed: number;
  times: readonly number[];
  /** When it last finished an item or a try, or was given work. */
  movedAt: number;
  lastKey: string | null;
  /** True once all its items are settled and it writes its files to the disk. */
  closing: boolean;
  /** The size of its attempt's log before it printed anything. */
  logStart: number;
  /** What `OomKills` counted when its attempt began. */
  oomSeen: number | undefined;
  rss: number;
  peakRss: number;
  /** Why it was told to go, and when it is told again, more strongly. */
  told: { readonly why: Cause; readonly insistAt: number; readonly how: 'message' | 'SIGTERM' | 'SIGKILL' } | undefined;
  /** Whether an answer to `halve` is owed, and whether the last one was that there is nothing to give. */
  halving: 'no' | 'asked' | 'refused';
  /** True once it has handed in a receipt, and settles once that has been checked. */
  receipt: boolean;
  checked: Promise<void> | undefined;
  crashed: string | undefined;
  broken: { readonly message: string; readonly code: string | undefined } | undefined;
}

/** Notes how much memory a child has, in bytes. */
export function seen(live: Live, rss: number): void {
  live.rss = rss;
  live.peakRss = Math.max(live.peakRss, rss);
}

/** What is known of a child that was just started. */
export function newLive(child: Child): Live {
  return {
    child,
    introduced: false,
    attempt: undefined,
    settled: 0,
    rows: 0,
    begun: 0,
    heardAt: 0,
    oldest: null,
    open: [],
    failed: 0,
    times: [],
    movedAt: 0,
    lastKey: null,
    closing: false,
    logStart: 0,
    oomSeen: undefined,
    rss: 0,
    peakRss: 0,
    told: undefined,
    halving: 'no',
    receipt: false,
    checked: undefined,
    crashed: undefined,
    broken: undefined,
  };
}

/** Notes what a heartbeat says, which came at `now`. */
export function hear(live: Live, message: Extract<ToParent, { type: 'progress' }>, now: number): void {
  const { settled, rows, begun, lastKey, oldest, open, failed, times, closing } = message;
  if (settled !== live.settled) live.movedAt = now;
  Object.assign(live, { settled, rows, begun, lastKey, oldest, open, failed, times, closing, heardAt: now });
  seen(live, message.rss);
  if (live.halving === 'refused') live.halving = 'no';
}
