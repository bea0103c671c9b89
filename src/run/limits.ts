import type { RunState } from '../core/state.ts';
import type { RunSettings } from '../store/manifest.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { Live } from './live.ts';
import { memoryOf } from './memory.ts';

/** Milliseconds between two looks at the limits, and between two at the memory. */
const LOOK = 200;
const SAMPLE = 1000;
/** Milliseconds between two heartbeats of a child, with a margin for a machine that is busy. */
const BEAT = 300;

export interface LimitsOptions {
  readonly dispatcher: Dispatcher;
  readonly state: RunState;
  readonly settings: RunSettings;
  /** Called after each sample. */
  readonly onSample: () => void;
}

/** Watches time and memory of the running children, until the returned function is called. */
export function watchLimits(options: LimitsOptions): () => void {
  let sampled = 0;
  let sampling = false;
  let isOver = false;
  const timer = setInterval(() => {
    const now = Date.now();
    options.dispatcher.insist(now);
    checkTime(options, now);
    if (now - sampled < SAMPLE || sampling) return;
    sampled = now;
    sampling = true;
    void sample(options).finally(() => {
      sampling = false;
      // What is shown after the end would stay.
      if (!isOver) options.onSample();
    });
  }, LOOK);
  return () => {
    isOver = true;
    clearInterval(timer);
  };
}

function checkTime({ dispatcher, state, settings }: LimitsOptions, now: number): void {
  for (const [id, child] of state.children) {
    if (child.phase === 'starting' && now - child.since > settings.batchTimeout) dispatcher.children.tell(id, 'setup-failed', 'SIGTERM');
  }
  for (const attempt of state.running.values()) {
    const live = dispatcher.live.get(attempt.child);
    if (!live || live.receipt || live.told?.how === 'SIGTERM' || live.told?.how === 'SIGKILL') continue;
    if (now - attempt.since > settings.batchTimeout) {
      dispatcher.emit({
        type: 'warned',
        message: `batch ${attempt.batch} of shard ${attempt.shard} took longer than --batch-timeout; its child is ended`,
      });
      dispatcher.children.tell(attempt.child, 'batch-timeout', 'SIGTERM');
    } else if (settings.itemTimeout !== undefined) {
      const late = lateItem(live, settings.itemTimeout, now);
      if (late === undefined) continue;
      dispatcher.emit({ type: 'warned', message: `${late} took longer than --item-timeout; its child is ended` });
      dispatcher.children.tell(attempt.child, 'item-timeout', 'SIGTERM');
    }
  }
}

/**
 * What is under way for longer than allowed: the item that the child's last heartbeat named, or, where an item has kept the child too
 * busy for a heartbeat all that time, whichever it is. The child's ledger or, failing that, another try tells.
 */
function lateItem({ heardAt, oldest }: Live, itemTimeout: number, now: number): string | undefined {
  const silence = now - heardAt;
  if (oldest !== null && oldest.ms + silence > itemTimeout) return `item ${oldest.key}`;
  return silence > itemTimeout + BEAT ? 'an item' : undefined;
}

/** Memory of all children, in one call for all of them. */
async function sample({ dispatcher, settings }: LimitsOptions): Promise<void> {
  const pids = [...dispatcher.live.values()].map(({ child }) => child.pid).filter((pid) => pid > 0);
  if (pids.length === 0) return;
  const usage = await memoryOf(pids);
  for (const [id, live] of dispatcher.live) {
    const rss = usage.get(live.child.pid);
    if (rss === undefined) continue;
    live.rss = rss;
    live.peakRss = Math.max(live.peakRss, rss);
    if (settings.maxRss === undefined || live.attempt === undefined || live.receipt) continue;
    if (rss > settings.maxRss * 1.5) dispatcher.children.tell(id, 'rss-limit', 'SIGKILL');
    else if (rss > settings.maxRss) dispatcher.children.retire(id);
  }
}
