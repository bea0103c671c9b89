import { join } from 'node:path';
import type { ChildDoing } from '../core/events.ts';
import { ledgerName } from '../core/names.ts';
import type { RunState } from '../core/state.ts';
import type { RunPaths } from '../store/paths.ts';
import { logOf, tailOf } from './attempt-log.ts';
import type { Live } from './live.ts';

const LINES = 3;
const LINE_LENGTH = 200;
const MOST_ITEMS = 16;

/** What every child at work is doing, by its last heartbeat, its ledger and its log. */
export function doingOf(state: RunState, lives: ReadonlyMap<number, Live>, paths: RunPaths, now: number): ChildDoing[] {
  return [...state.running.values()].flatMap((attempt): ChildDoing[] => {
    const live = lives.get(attempt.child);
    if (!live) return [];
    const { shard, batch, attempt: number, child } = attempt;
    const silentMs = Math.max(0, now - live.heardAt);
    // One that keeps the event loop busy has never been in a heartbeat, but its start is written down, and the end of those before it.
    const { begun, ended } = startedIn(tailOf(join(paths.parts, ledgerName(attempt)), 0), now);
    const heard = live.open.flatMap(({ key, ms }) => (ended.has(key) ? [] : [{ key, ms: Math.round(ms + silentMs) }]));
    const items = new Map([...heard, ...begun].map((item) => [item.key, item]));
    return [
      {
        child,
        pid: live.child.pid,
        shard,
        batch,
        attempt: number,
        done: live.settled,
        total: attempt.unsettled.size,
        rssBytes: live.rss > 0 ? live.rss : null,
        silentMs,
        items: [...items.values()].toSorted((a, b) => b.ms - a.ms).slice(0, MOST_ITEMS),
        lines: lastLines(tailOf(logOf(paths.logs, attempt), live.logStart)),
      },
    ];
  });
}

/** The items that a ledger's last lines begin and do not end, and those that they end. */
function startedIn(
  tail: string,
  now: number,
): { readonly begun: readonly { readonly key: string; readonly ms: number }[]; readonly ended: ReadonlySet<unknown> } {
  const ended = new Set<unknown>();
  const open = new Map<unknown, { readonly key: string; readonly ms: number }>();
  for (const text of tail.split('\n')) {
    const line = parse(text);
    if (line === undefined) continue;
    const { index, key, status, at } = line;
    if (status === 'started' && typeof key === 'string' && typeof at === 'number') {
      open.set(index, { key, ms: Math.max(0, now - at) });
      ended.delete(key);
    } else {
      open.delete(index);
      ended.add(key);
    }
  }
  return { begun: [...open.values()], ended };
}

function parse(
  text: string,
): { readonly index?: unknown; readonly key?: unknown; readonly status?: unknown; readonly at?: unknown } | undefined {
  try {
    const line: unknown = JSON.parse(text);
    return typeof line === 'object' && line !== null ? line : undefined;
  } catch {
    // The first line of the tail may be cut, the last one half written.
    return undefined;
  }
}

function lastLines(tail: string): string[] {
  const lines = tail.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('--- '));
  return lines.slice(-LINES).map((line) => (line.length > LINE_LENGTH ? `${line.slice(0, LINE_LENGTH)}…` : line));
}
