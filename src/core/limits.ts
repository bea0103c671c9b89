import type { Cause } from './outcome.ts';
import { formatBytes, formatDuration } from './quantities.ts';
import type { Urge } from './told.ts';

/** The limits of a run, in milliseconds and bytes; absent: off. */
export interface Limits {
  readonly itemTimeout?: number;
  readonly batchTimeout: number;
  readonly stallTimeout?: number;
  readonly maxRss?: number;
}

/** What is known of a child at work. Moments in milliseconds since 1970. */
export interface Watched {
  /** When it was given its batch, and when its last heartbeat came. */
  readonly since: number;
  readonly heardAt: number;
  /** The item that had been under way longest then. */
  readonly oldest: { readonly key: string; readonly ms: number } | null;
  /** How many items it has begun, as far as it has said. */
  readonly begun: number;
  /** True once all items are settled: it writes its files to the disk, which no item is to blame for. */
  readonly closing: boolean;
  /** Bytes; 0 when it was not looked at yet. */
  readonly rss: number;
  /** How it has been told to go, if it has. */
  readonly told: Urge | undefined;
}

/** What a limit asks for. `about` names the warning: each is given once. */
export type Verdict =
  | { readonly do: 'warn'; readonly limit: Cause; readonly about: string; readonly message: string }
  /** Have it end after its items in flight; the rest of the batch goes to a fresh child. */
  | { readonly do: 'retire'; readonly limit: Cause; readonly message: string }
  | { readonly do: 'end'; readonly limit: Cause; readonly how: 'SIGTERM' | 'SIGKILL'; readonly message: string };

/** Milliseconds between two heartbeats of a child, with a margin for a machine that is busy. */
const BEAT = 300;
/** A timeout is announced when so much of it has passed. */
const NEAR = 0.8;
/** So many times `--max-rss` end a child: as everybody is ended, and at once, before the machine is full. */
const HARD = 1.5;
const MUCH = 2;

/** What the limits say about one child at work; `undefined` where there is nothing to do. */
export function judge(child: Watched, limits: Limits, now: number): Verdict | undefined {
  if (child.told === 'SIGKILL') return undefined;
  return judgeMemory(child, limits) ?? (child.told === 'SIGTERM' ? undefined : judgeTime(child, limits, now));
}

function judgeMemory({ rss, told, begun }: Watched, { maxRss }: Limits): Verdict | undefined {
  if (maxRss === undefined || rss <= maxRss) return undefined;
  const grown = `the child has grown to ${formatBytes(rss)}`;
  const limit = 'rss-limit';
  if (rss > maxRss * MUCH) return { do: 'end', limit, how: 'SIGKILL', message: `${grown}, more than twice --max-rss; it is ended` };
  if (told === 'SIGTERM') return undefined;
  if (rss > maxRss * HARD)
    return { do: 'end', limit, how: 'SIGTERM', message: `${grown}, past one and a half times --max-rss; it is ended` };
  // Whoever has not begun an item would go without having done any.
  if (told !== undefined || begun === 0) return undefined;
  return { do: 'retire', limit, message: `${grown}, over --max-rss ${formatBytes(maxRss)}: it ends after its items in flight` };
}

/** Something that takes its time, and how long it may. `about` names it among those that the same child was warned of. */
interface Timed {
  readonly limit: Cause;
  readonly about: string;
  readonly what: string;
  readonly ms: number;
  readonly most: number;
  readonly flag: string;
}

function judgeTime(child: Watched, limits: Limits, now: number): Verdict | undefined {
  const timed = timedOf(child, limits, now);
  const over = timed.find(({ ms, most }) => ms > most);
  if (over) return { do: 'end', limit: over.limit, how: 'SIGTERM', message: `${describe(over)} ${over.flag}; its child is ended` };
  const near = timed.find(({ ms, most }) => ms > most * NEAR);
  return near && { do: 'warn', limit: near.limit, about: `${near.limit} ${near.about}`, message: `${describe(near)} ${near.flag}` };
}

const describe = ({ what, ms, most }: Timed): string => `${what} ${formatDuration(ms)} of the ${formatDuration(most)} of`;

function timedOf(child: Watched, { itemTimeout, batchTimeout, stallTimeout }: Limits, now: number): Timed[] {
  const age = now - child.since;
  const batch: Timed = {
    limit: 'batch-timeout',
    about: '',
    what: 'the batch has taken',
    ms: age,
    most: batchTimeout,
    flag: '--batch-timeout',
  };
  if (child.closing) return [batch];
  const silence = Math.max(0, now - child.heardAt - BEAT);
  const item = itemUnderWay(child, now);
  return [
    ...(stallTimeout === undefined
      ? []
      : [
          {
            limit: 'stalled' as const,
            about: String(child.heardAt),
            what: 'no heartbeat for',
            ms: silence,
            most: stallTimeout,
            flag: '--stall-timeout',
          },
        ]),
    ...(itemTimeout === undefined
      ? []
      : [
          {
            limit: 'item-timeout' as const,
            about: item.name,
            what: `${item.name} has taken`,
            ms: item.ms,
            most: itemTimeout,
            flag: '--item-timeout',
          },
        ]),
    batch,
  ];
}

/**
 * What has been under way longest: the item that the last heartbeat named, or, where an item has kept the child too busy for a heartbeat
 * all that time, whichever it is. The child's ledger or, failing that, another try tells.
 */
function itemUnderWay({ oldest, heardAt }: Watched, now: number): { readonly name: string; readonly ms: number } {
  const silence = now - heardAt;
  return oldest === null ? { name: 'an item', ms: silence - BEAT } : { name: `item ${oldest.key}`, ms: oldest.ms + silence };
}
