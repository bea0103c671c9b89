import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ItemFailure } from '../core/events.ts';
import { IntervalSet, type Span } from '../core/intervals.ts';
import type { AnyWorker } from '../core/worker.ts';
import type { ToParent, WorkMessage } from '../ipc/messages.ts';
import { PartWriter } from '../store/part-writer.ts';
import { type Shared, ItemContext } from './context.ts';
import { type Encode, emitRows } from './emit-rows.ts';
import { Gate } from './gate.ts';
import { Marks } from './marks.ts';

/** Milliseconds between two flushes, and between two heartbeats. */
const FLUSH = 10;
const HEARTBEAT = 100;

/** An item as the reader gives it. */
export interface Entry {
  readonly index: number;
  readonly key: string;
  readonly item: unknown;
}

export interface BatchOptions {
  readonly work: WorkMessage;
  readonly worker: AnyWorker;
  readonly shared: Shared;
  readonly encode: Encode;
  readonly entries: Iterable<Entry>;
  readonly send: (message: ToParent) => void;
}

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
  readonly #later = new Set<Promise<void>>();
  readonly #abandon = new AbortController();
  readonly #done: Span[] = [];
  #doneOutOfOrder: IntervalSet | undefined;
  readonly #failed: ItemFailure[] = [];
  #itemMs = 0;
  #rows = 0;
  #begun = 0;
  #lastBegun = -1;
  #lastKey: string | null = null;
  #cut = Infinity;
  readonly #since = performance.now();
  #flushedAt = this.#since;
  #beatAt = 0;
  #fatal: unknown;

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
    const timer = setInterval(() => this.#beat(performance.now()), HEARTBEAT);
    try {
      for (const entry of this.#options.entries) {
        if (entry.index >= this.#cut) break;
        const place = this.#gate.enter();
        if (place) await place;
        // While this waited for a place, the item may have been given away.
        if (entry.index >= this.#cut || this.#fatal !== undefined) {
          this.#gate.leave();
          break;
        }
        this.#begun++;
        this.#lastBegun = entry.index;
        const ended = this.#try(entry);
        if (isPromise(ended)) {
          const judged = ended.then((thrown) => this.#judge(entry, thrown));
          if (this.#concurrency === 1) await judged;
        } else if (ended) this.#judge(entry, ended);
        const now = performance.now();
        if (now - this.#flushedAt >= FLUSH) {
          this.#flush(now);
          await nextTurn();
        }
      }
      for (let place = 0; place < this.#concurrency; place++) await this.#gate.enter();
      for (let place = 0; place < this.#concurrency; place++) this.#gate.leave();
      await Promise.all(this.#later);
      if (this.#fatal !== undefined) throw this.#fatal;
      const totals = this.#writer.finish();
      const { rss } = process.memoryUsage();
      return { type: 'receipt', spans: this.#spans(), totals, failed: this.#failed, itemMs: this.#itemMs, rss };
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
    const rest: Span[] = [];
    for (const [start, end] of this.#options.work.spans) {
      const low = Math.max(start, this.#lastBegun + 1);
      const high = Math.min(end, this.#cut);
      if (low < high) rest.push([low, high]);
    }
    const count = rest.reduce((sum, [start, end]) => sum + end - start, 0);
    const each = (performance.now() - this.#since) / Math.max(1, this.#settled() + this.#failed.length);
    if (count * each < worth) return [];
    let keep = Math.floor(count / 2);
    const given: Span[] = [];
    for (const [start, end] of rest) {
      const from = Math.min(end, start + keep);
      keep -= from - start;
      if (from < end) given.push([from, end]);
    }
    this.#cut = Math.min(this.#cut, given[0]?.[0] ?? Infinity);
    return given;
  }

  /** One try at one item, in a place of the gate that it leaves; gives what it threw. Asynchronous only where the worker is. */
  #try(entry: Entry): Thrown | undefined | Promise<Thrown | undefined> {
    const before = performance.now();
    const tries = (this.#tries.get(entry.index) ?? 0) + 1;
    const context = new ItemContext(this.#options.shared, entry.index, entry.key, tries);
    // Alone in its child, an item's rows go straight to the part; beside others they wait until it is finished.
    const lines: string[] | undefined = this.#concurrency === 1 ? undefined : [];
    const sink = lines ? (line: string) => void lines.push(line) : (line: string) => this.#writer.append(line);
    const threw = (error: unknown): Thrown => this.#threw(entry, tries, new Thrown(error, context.timedOut));
    try {
      this.#marks.started(entry);
      const rows = this.#options.worker.process(entry.item as never, context as never);
      const count = isPromise(rows)
        ? rows.then((settled) => emitRows(settled, this.#options.encode, sink))
        : emitRows(rows, this.#options.encode, sink);
      if (typeof count === 'number') return this.#finish(entry, count, lines, before);
      return Promise.resolve(count)
        .then((settled) => this.#finish(entry, settled, lines, before))
        .catch(threw);
    } catch (error) {
      return threw(error);
    }
  }

  #finish(entry: Entry, rows: number, lines: readonly string[] | undefined, before: number): undefined {
    const now = performance.now();
    try {
      if (lines) for (const line of lines) this.#writer.append(line);
      this.#writer.done(entry.index, JSON.stringify(entry.key), rows, now - before);
      this.#marks.ended(now - before);
    } catch (error) {
      this.#breakOff(error);
    }
    this.#itemMs += now - before;
    this.#rows += rows;
    this.#lastKey = entry.key;
    this.#note(entry.index);
    this.#gate.leave();
    if (now - this.#flushedAt >= FLUSH && this.#concurrency > 1) this.#flush(now);
  }

  #threw(entry: Entry, tries: number, thrown: Thrown): Thrown {
    this.#tries.set(entry.index, tries);
    if (this.#concurrency === 1) this.#writer.discard();
    this.#options.shared.log(`item ${entry.index} (${entry.key}) threw, try ${tries}:`, thrown.error);
    this.#gate.leave();
    return thrown;
  }

  /** What becomes of an item that threw: another try later, or its end. */
  #judge(entry: Entry, thrown: Thrown | undefined): void {
    if (!thrown || this.#fatal !== undefined) return;
    if (isDiskFault(thrown.error)) return this.#breakOff(thrown.error);
    const later: Promise<void> = this.#again(entry, thrown).finally(() => this.#later.delete(later));
    this.#later.add(later);
  }

  /** Tries an item again, after pauses, beside the others. The first try is the one that brought it here. */
  async #again(entry: Entry, first: Thrown): Promise<void> {
    const { work, send } = this.#options;
    const key = JSON.stringify(entry.key);
    const before = (this.#tries.get(entry.index) ?? 1) - 1;
    // Imported on the first throw only: most children never need it.
    const { default: pRetry } = await import('p-retry');
    const attempt = async (n: number): Promise<void> => {
      if (n === 1) throw first;
      await this.#gate.enter();
      const thrown = await this.#try(entry);
      if (thrown) throw thrown;
    };
    try {
      await pRetry(attempt, {
        retries: Math.max(0, work.retries - before),
        minTimeout: 1000 * 2 ** before,
        maxTimeout: 30_000,
        factor: 2,
        randomize: true,
        signal: this.#abandon.signal,
        shouldRetry: ({ error }) => error instanceof Thrown && !error.isFinal && this.#fatal === undefined,
        onFailedAttempt: ({ error, retriesLeft }) => {
          if (retriesLeft === 0 || (error instanceof Thrown && error.isFinal)) return;
          this.#writer.note(entry.index, key, 'tried');
          send({ type: 'tried', index: entry.index, key: entry.key, tries: this.#tries.get(entry.index) ?? 1, message: error.message });
        },
      });
    } catch (error) {
      if (this.#abandon.signal.aborted) return;
      if (!(error instanceof Thrown)) return this.#breakOff(error);
      const { cause, message } = error;
      const tries = this.#tries.get(entry.index) ?? 1;
      this.#writer.note(entry.index, key, 'failed', `,"tries":${tries},"cause":"${cause}","message":${JSON.stringify(message)}`);
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
    if (now - this.#beatAt >= HEARTBEAT) this.#beat(now);
  }

  #beat(now: number): void {
    this.#beatAt = now;
    const settled = this.#settled() + this.#failed.length;
    this.#options.send({ type: 'progress', settled, rows: this.#rows, begun: this.#begun, lastKey: this.#lastKey });
  }

  /** Notes a finished position; almost always the next one. */
  #note(index: number): void {
    const last = this.#done.at(-1);
    if (this.#doneOutOfOrder) this.#doneOutOfOrder.add(index, index + 1);
    else if (last && last[1] === index) this.#done[this.#done.length - 1] = [last[0], index + 1];
    else if (!last || last[1] < index) this.#done.push([index, index + 1]);
    else {
      this.#doneOutOfOrder = new IntervalSet(this.#done);
      this.#doneOutOfOrder.add(index, index + 1);
    }
  }

  #settled(): number {
    return this.#doneOutOfOrder?.size ?? this.#done.reduce((sum, [start, end]) => sum + end - start, 0);
  }

  #spans(): Span[] {
    return this.#doneOutOfOrder?.spans() ?? this.#done;
  }
}

function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/** What an item threw. Wrapped, because p-retry gives up at once on a TypeError, which here is as good a reason as any. */
class Thrown extends Error {
  readonly error: unknown;
  override readonly cause: 'error' | 'item-timeout';

  constructor(error: unknown, timedOut: boolean) {
    const text = error instanceof Error ? error.message || error.name : String(error);
    super(text.length > 2000 ? `${text.slice(0, 2000)}…` : text);
    this.error = error;
    this.cause = timedOut ? 'item-timeout' : 'error';
  }

  /** By name as well as by class: the worker may have loaded another copy of this package. */
  get isFinal(): boolean {
    return this.error instanceof Error && this.error.name === 'UnrecoverableError';
  }
}

/** Raised by our own writes in the middle of an item's rows. */
function isDiskFault(error: unknown): boolean {
  return (
    error instanceof Error &&
    'syscall' in error &&
    error.syscall === 'write' &&
    'code' in error &&
    ['ENOSPC', 'EDQUOT', 'EIO', 'EROFS', 'EBADF'].includes(String(error.code))
  );
}
