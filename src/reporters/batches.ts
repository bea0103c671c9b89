import { unreachable } from '../core/errors.ts';
import type { AttemptId, RunEvent } from '../core/events.ts';
import { countSpans } from '../core/intervals.ts';
import { attemptName } from '../core/names.ts';
import type { Snapshot } from '../core/report.ts';

/** Counts the batches of a session: how many are committed, and of how many. */
export interface BatchCount {
  onEvent(event: RunEvent): void;
  readonly committed: number;
  /** `24` when the session planned them, `~24` when that is reckoned from what is left (a resume), `` when nothing is known. */
  total(snapshot: Snapshot): string;
}

/** A count that begins with a session. `snapshot` tells whether the session begins with items that are done. */
export function createBatchCount(snapshot: () => Snapshot): BatchCount {
  /** Items that each running attempt still has to commit. */
  const running = new Map<string, number>();
  let planned: number | undefined;
  let batchSize = 0;
  let committed = 0;

  /** What an attempt leaves over becomes a batch more. */
  const oneMore = (): void => {
    if (planned !== undefined) planned += 1;
  };

  const onEvent = (event: RunEvent): void => {
    switch (event.type) {
      case 'planned':
        batchSize = event.batchSize;
        planned = snapshot().done === 0 ? plannedBatches(event) : undefined;
        return;
      case 'owed':
        planned = undefined;
        return;
      case 'dispatched':
        batchSize = Math.max(batchSize, countSpans(event.spans));
        running.set(attemptName(event), countSpans(event.spans));
        return;
      case 'halved':
        shrink(running, event, countSpans(event.spans));
        return oneMore();
      case 'item-failed':
        return shrink(running, event, 1);
      case 'committed': {
        const settled = countSpans(event.spans) + event.receipt.failed.length;
        if (settled < (running.get(attemptName(event)) ?? 0)) oneMore();
        running.delete(attemptName(event));
        committed += 1;
        return;
      }
      case 'attempt-ended':
        running.delete(attemptName(event));
        return;
      case 'opened':
      case 'matched':
      case 'scoped':
      case 'child-started':
      case 'child-ready':
      case 'tried':
      case 'child-ended':
      case 'child-told':
      case 'guard-started':
      case 'limit-near':
      case 'memory-free':
      case 'controlled':
      case 'suspended':
      case 'awoke':
      case 'alarmed':
      case 'calmed':
      case 'warned':
      case 'called':
      case 'reserved':
      case 'stopping':
      case 'merged':
      case 'closed':
        return;
      default:
        unreachable(event);
    }
  };

  const total = (now: Snapshot): string => {
    const begun = committed + running.size;
    if (planned !== undefined) return String(Math.max(planned, begun));
    if (batchSize === 0) return '';
    const inBatches = running.values().reduce((sum, items) => sum + items, 0);
    const rest = Math.max(0, now.total - now.done - now.failed - inBatches);
    return `~${begun + Math.ceil(rest / batchSize)}`;
  };

  return {
    onEvent,
    total,
    get committed() {
      return committed;
    },
  };
}

/** How many batches a plan has whose shards' sizes differ by at most one. */
function plannedBatches({ items, shards, batchSize }: { items: number; shards: number; batchSize: number }): number {
  if (shards === 0) return 0;
  const size = Math.floor(items / shards);
  const larger = items % shards;
  return larger * Math.ceil((size + 1) / batchSize) + (shards - larger) * Math.ceil(size / batchSize);
}

function shrink(running: Map<string, number>, attempt: AttemptId, by: number): void {
  const name = attemptName(attempt);
  const items = running.get(name);
  if (items !== undefined) running.set(name, items - by);
}
