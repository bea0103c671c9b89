import { ItemTimes } from '../core/times.ts';
import type { FrozenItem } from '../input/item-reader.ts';
import type { ToParent } from '../ipc/messages.ts';
import { DoneSpans } from './done-spans.ts';
import { OpenItems } from './open-items.ts';

/** How far a batch has come, as its heartbeats tell. */
export class BatchProgress {
  readonly open = new OpenItems();
  readonly done = new DoneSpans();
  readonly times = new ItemTimes();
  begun = 0;
  #rows = 0;
  #lastKey: string | null = null;

  /** An item is finished. */
  finish(entry: FrozenItem, rows: number, ms: number): void {
    this.times.add(ms);
    this.#rows += rows;
    this.#lastKey = entry.key;
    this.done.add(entry.index);
    this.open.end(entry);
  }

  /** The heartbeat. `age`: how long since a moment of `performance.now`; `closing`: what is left is to write it all to the disk. */
  beat(failed: number, age: (since: number) => number, closing: boolean): Extract<ToParent, { type: 'progress' }> {
    const open = this.open.list(age);
    const [rows, begun, lastKey, rss] = [this.#rows, this.begun, this.#lastKey, process.memoryUsage.rss()];
    const count = { settled: this.done.size + failed, failed, rows, begun };
    return { type: 'progress', ...count, lastKey, oldest: open[0] ?? null, open, times: this.times.pack(), rss, closing };
  }
}
