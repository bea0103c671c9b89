import type { ItemFailure } from '../core/events.ts';
import { behind, restOf } from '../core/halve.ts';
import type { Span } from '../core/intervals.ts';
import { ItemTimes } from '../core/times.ts';
import type { FrozenItem } from '../input/item-reader.ts';
import type { ToParent } from '../ipc/messages.ts';
import { PartWriter } from '../store/part-writer.ts';
import type { BatchOptions } from './batch-options.ts';
import { ItemContext } from './context.ts';
import { DoneSpans } from './done-spans.ts';
import { emitLater, emitRows, isPromise } from './emit-rows.ts';
import { Gate } from './gate.ts';
import { Marks } from './marks.ts';
import { OpenItems } from './open-items.ts';
import { peakRss } from './peak-rss.ts';
import { pauses, Thrown } from './thrown.ts';

/** Milliseconds between two flushes, and between two heartbeats. */
const FLUSH = 10;
const HEARTBEAT = 100;

/**
 * Works through one attempt: items in order, `concurrency` at a time, each finished one into the part and the ledger as it
 * finishes. An item that throws is put back and tried again after a pause while the others go on.
 */
export class Batch {
  readonly #options: BatchOptions;
  readonly #writer: PartWriter;
  readonly #gate: Gate;
  readonly #concurrency: number;
  readonly #tries: Map<number, number>;
  readonly #marks: Marks;
  readonly #open = new OpenItems();
  readonly #later = new Set<Promise<void>>();
  readonly #abandon = new AbortController();
  readonly #done = new DoneSpans();
  readonly #failed: ItemFailure[] = [];
  readonly #times = new ItemTimes();
  #rows = 0;
  #begun = 0;
  #lastBegun = -1;
  #lastKey: string | null = null;
  #cut = Infinity;
  readonly #since = performance.now();
  /** When the last item ended, which is when the next one begins: one look at the clock serves both. */
  #now = this.#since;
  #flushedAt = this.#since;
  #beatAt = 0;
  #fatal: unknown;
  readonly #toPart = (line: string): void => this.#writer.append(line);

  constructor(options: BatchOptions) {
    const { work } = options;
    this.#options = options;
    this.#concurrency = work.mode === 'alone' ? 1 : work.concurrency;
    this.#gate = new Gate(this.#concurrency);
    this.#tries = new Map(work.tries);
    this.#writer = new PartWriter(work);
    this.#marks = new Marks(this.#writer, work.mode !== 'normal');
  }

  /** Settles with the receipt. Rejects for what is no item's fault, such as a full disk. */
  async run(): Promise<Extract<ToParent, { type: 'receipt' }>> {
    // Also flushes: what is finished must not wait in memory for an item that takes long, or for ever.
    const timer = setInterval(() => this.#flush(performance.now()), HEARTBEAT);
    try {
      for (const entry of this.#options.entries) {
        if (entry.index >= this.#cut) break;
        const place = this.#gate.enter();
        if (place) {
          await place;
          this.#now = performance.now();
        }
        // While this waited for a place, the item may have been given away.
        if (entry.index >= this.#cut || this.#fatal !== undefined) {
          this.#gate.leave();
          break;
        }
        this.#begun++;
        this.#lastBegun = entry.index;
        const ended = this.#try(entry, this.#now);
        if (isPromise(ended)) {
          const judged = ended.then((thrown) => this.#judge(entry, thrown));
          if (this.#concurrency === 1) await judged;
          else this.#now = performance.now();
        } else if (ended) this.#judge(entry, ended);
        if (this.#now - this.#flushedAt >= FLUSH) {
          this.#flush(this.#now);
          await new Promise(setImmediate);
          this.#now = performance.now();
        }
      }
      await this.#gate.emptied();
      await Promise.all(this.#later);
      if (this.#fatal !== undefined) throw this.#fatal;
      // Told before: a disk that takes its time for what follows is no item's fault.
      this.#beat(performance.now(), true);
      const totals = this.#writer.finish();
      const [rss, itemMs, times] = [peakRss(), this.#times.sum, this.#times.pack()];
      return { type: 'receipt', spans: this.#done.spans(), totals, failed: this.#failed, itemMs, rss, times };
    } finally {
      clearInterval(timer);
    }
  }

  /** Begins nothing new; items that wait for another try stay undone. */
  stop(): void {
    this.#cut = -1;
    this.#abandon.abort();
  }

  /** Gives up the back half of what is not begun, unless all of it takes less than `worth` milliseconds. */
  halve(worth: number): Span[] {
    const { rest, count } = restOf(this.#options.work.spans, this.#lastBegun + 1, this.#cut);
    const each = (performance.now() - this.#since) / Math.max(1, this.#done.size + this.#failed.length);
    if (count * each < worth) return [];
    const given = behind(rest, Math.floor(count / 2));
    this.#cut = Math.min(this.#cut, given[0]?.[0] ?? Infinity);
    return given;
  }

  /** One try at one item, in a place of the gate; gives what it threw, else leaves. Asynchronous only where the worker is. */
  #try(entry: FrozenItem, before: number): Thrown | undefined | Promise<Thrown | undefined> {
    const tries = this.#tries.size === 0 ? 1 : (this.#tries.get(entry.index) ?? 0) + 1;
    const context = new ItemContext(this.#options.shared, entry.index, entry.key, tries, before);
    // Alone in its child, an item's rows go straight to the part; beside others they wait until it is finished.
    const lines: string[] | undefined = this.#concurrency === 1 ? undefined : [];
    const sink = lines ? (line: string): void => void lines.push(line) : this.#toPart;
    this.#open.begin(entry, before);
    try {
      this.#marks.started(entry);
      const { worker, encode } = this.#options;
      const rows = worker.process(entry.item as never, context as never);
      const count = isPromise(rows) ? emitLater(rows, encode, sink) : emitRows(rows, encode, sink);
      if (typeof count === 'number') return this.#finish(entry, count, lines, context);
      return count
        .then((settled) => this.#finish(entry, settled, lines, context))
        .catch((error: unknown) => this.#threw(entry, context, tries, error));
    } catch (error) {
      return this.#threw(entry, context, tries, error);
    }
  }

  #finish(entry: FrozenItem, rows: number, lines: readonly string[] | undefined, context: ItemContext): undefined {
    if (context.withdrawn) throw context.withdrawn;
    const now = performance.now();
    const ms = context.end(now);
    try {
      if (lines) for (const line of lines) this.#writer.append(line);
      this.#writer.done(entry.index, entry.key, rows, ms);
      this.#marks.ended(ms);
    } catch (error) {
      this.#breakOff(error);
    }
    this.#now = now;
    this.#times.add(ms);
    this.#rows += rows;
    this.#lastKey = entry.key;
    this.#done.add(entry.index);
    this.#open.end(entry);
    this.#gate.leave();
    if (this.#concurrency > 1 && (this.#marks.on || now - this.#flushedAt >= FLUSH)) this.#flush(now);
  }

  #threw(entry: FrozenItem, context: ItemContext, tries: number, error: unknown): Thrown {
    const thrown = new Thrown(context.withdrawn ?? error, context.timedOut);
    if (thrown.isWithdrawn) this.stop();
    context.end((this.#now = performance.now()));
    this.#tries.set(entry.index, tries);
    if (this.#concurrency === 1) this.#writer.discard();
    this.#open.end(entry);
    this.#options.shared.log(`item ${entry.index} (${entry.key}) threw, try ${tries}:`, error);
    return thrown;
  }

  /** What becomes of an item that threw: another try later, or its end. Its place is free only once that is noted. */
  #judge(entry: FrozenItem, thrown: Thrown | undefined): void {
    if (!thrown) return;
    if (thrown.isDiskFault) this.#breakOff(thrown.error);
    else if (this.#fatal === undefined) {
      const later: Promise<void> = this.#again(entry, thrown).finally(() => this.#later.delete(later));
      this.#later.add(later);
    }
    this.#gate.leave();
  }

  /** Tries an item again, after pauses, beside the others. The first try is the one that brought it here. */
  async #again(entry: FrozenItem, first: Thrown): Promise<void> {
    const { work, send } = this.#options;
    const before = (this.#tries.get(entry.index) ?? 1) - 1;
    let pause = { since: 0, ms: 0 };
    // Imported on the first throw only: most children never need it.
    const { default: pRetry } = await import('p-retry');
    const attempt = async (n: number): Promise<void> => {
      if (n === 1) throw first;
      await this.#options.shared.stopped.rest(pause.since, pause.ms, this.#abandon.signal);
      await this.#gate.enter();
      const thrown = await this.#try(entry, performance.now());
      if (!thrown) return;
      this.#gate.leave();
      throw thrown;
    };
    try {
      await pRetry(attempt, {
        ...pauses(before, work.retries),
        signal: this.#abandon.signal,
        shouldRetry: ({ error }) => error instanceof Thrown && !error.isFinal && this.#fatal === undefined,
        onFailedAttempt: ({ error, retriesLeft, retryDelay }) => {
          pause = { since: performance.now(), ms: retryDelay };
          if (retriesLeft === 0 || (error instanceof Thrown && error.isFinal)) return;
          this.#writer.note(entry.index, entry.key, 'tried');
          send({ type: 'tried', index: entry.index, key: entry.key, tries: this.#tries.get(entry.index) ?? 1, message: error.message });
        },
      });
    } catch (error) {
      if (this.#abandon.signal.aborted) return;
      if (!(error instanceof Thrown)) return this.#breakOff(error);
      const { cause, message } = error;
      const tries = this.#tries.get(entry.index) ?? 1;
      this.#writer.note(entry.index, entry.key, 'failed', `,"tries":${tries},"cause":"${cause}","message":${JSON.stringify(message)}`);
      this.#failed.push({ index: entry.index, key: entry.key, cause, message, tries });
    }
  }

  /** Ends the attempt for a reason that is no item's fault. */
  #breakOff(error: unknown): void {
    this.#fatal ??= error;
    this.stop();
  }

  #flush(now: number): void {
    this.#flushedAt = now;
    try {
      this.#writer.flush();
    } catch (error) {
      this.#breakOff(error);
    }
    // The timer is a little early now and then; a beat must not wait for the next one then.
    if (now - this.#beatAt >= HEARTBEAT - FLUSH) this.#beat(now, false);
  }

  #beat(now: number, closing: boolean): void {
    this.#beatAt = now;
    const open = this.#open.list((since) => this.#options.shared.stopped.taken(since, now));
    const [failed, rows, begun, lastKey, rss] = [this.#failed.length, this.#rows, this.#begun, this.#lastKey, process.memoryUsage.rss()];
    const count = { settled: this.#done.size + failed, failed, rows, begun };
    this.#options.send({ type: 'progress', ...count, lastKey, oldest: open[0] ?? null, open, times: this.#times.pack(), rss, closing });
  }
}
