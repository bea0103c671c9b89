import { join } from 'node:path';
import type { RunState } from '../core/state.ts';
import { ledgerName } from '../core/names.ts';
import { oldestStart } from '../store/ledger.ts';
import type { RunSettings } from '../store/manifest.ts';
import type { RunPaths } from '../store/paths.ts';
import type { Dispatcher } from './dispatcher.ts';

/** Milliseconds between two looks at the limits, and between two at the memory. */
const LOOK = 200;
const SAMPLE = 1000;

export interface LimitsOptions {
  readonly dispatcher: Dispatcher;
  readonly state: RunState;
  readonly settings: RunSettings;
  readonly paths: RunPaths;
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

function checkTime({ dispatcher, state, settings, paths }: LimitsOptions, now: number): void {
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
    } else if (settings.itemTimeout !== undefined && now - live.movedAt > settings.itemTimeout) {
      // The child may be too busy to say which item it is at; its ledger has every start.
      const start = oldestStart(join(paths.parts, ledgerName(attempt)));
      if (start === undefined || now - start.at <= settings.itemTimeout) continue;
      dispatcher.emit({ type: 'warned', message: `item ${start.key} took longer than --item-timeout; its child is ended` });
      dispatcher.children.tell(attempt.child, 'item-timeout', 'SIGTERM');
    }
  }
}

/** Memory of all children, in one call for all of them. */
async function sample({ dispatcher, settings }: LimitsOptions): Promise<void> {
  const pids = [...dispatcher.live.values()].map(({ child }) => child.pid).filter((pid) => pid > 0);
  if (pids.length === 0) return;
  const { default: pidusage } = await import('pidusage');
  // It rejects when all of them have just gone; the next sample finds the others.
  const usage = await pidusage(pids).catch(() => ({}) as Record<string, { memory: number } | undefined>);
  for (const [id, live] of dispatcher.live) {
    const rss = usage[live.child.pid]?.memory;
    if (rss === undefined) continue;
    live.rss = rss;
    live.peakRss = Math.max(live.peakRss, rss);
    if (settings.maxRss === undefined || live.attempt === undefined || live.receipt) continue;
    if (rss > settings.maxRss * 1.5) dispatcher.children.tell(id, 'rss-limit', 'SIGKILL');
    else if (rss > settings.maxRss) dispatcher.children.retire(id);
  }
}
