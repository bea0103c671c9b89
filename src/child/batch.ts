import type { Artifact, Made } from '../core/artifact.ts';
import { behind, restOf } from '../core/halve.ts';
import type { Span } from '../core/intervals.ts';
import type { FrozenItem } from '../input/item-reader.ts';
import type { ToParent } from '../ipc/messages.ts';
import { PartWriter } from '../store/part-writer.ts';
import type { BatchOptions } from './batch-options.ts';
import { BatchProgress } from './batch-progress.ts';
import { ItemContext } from './context.ts';
import { emitLater, emitRows, isPromise } from './emit-rows.ts';
import { Gate } from './gate.ts';
import { Marks } from './marks.ts';
import { peakRss } from './peak-rss.ts';
import { Retries } from './retries.ts';
import type { Setting, Sweep } from './sweep.ts';
import { Thrown } from './thrown.ts';

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
  readonly #retries: Retries;
  readonly #marks: Marks;
  readonly #progress = new BatchProgress();
  readonly #artifacts: Artifact[] = [];
  #lastBegun = -1;
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
    this.#writer = new PartWriter(work);
    this.#retries = new Retries({
      work,
      writer: this.#writer,
      stopped: options.shared.stopped,
      send: options.send,
      attempt: async (entry) => this.#tryAgain(entry),
      isBroken: () => this.#fatal !== undefined,
      breakOff: (error) => this.#breakOff(error),
    });
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
        this.#progress.begun++;
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
      await this.#retries.ended();
      if (this.#fatal !== undefined) throw this.#fatal;
      // Told before: a disk that takes its time for what follows is no item's fault.
      this.#beat(performance.now(), true);
      const totals = this.#writer.finish();
      const [rss, itemMs, times] = [peakRss(), this.#progress.times.sum, this.#progress.times.pack()];
      const made = this.#artifacts.length > 0 ? { artifacts: this.#artifacts } : {};
      return {
        type: 'receipt',
        spans: this.#progress.done.spans(),
        totals,
        failed: this.#retries.failed,
        itemMs,
        writeMs: this.#writer.writeMs,
        ...made,
        rss,
        times,
      };
    } finally {
      clearInterval(timer);
    }
  }

  /** Begins nothing new; items that wait for another try stay undone. */
  stop(): void {
    this.#cut = -1;
    this.#retries.stop();
  }

  /** Gives up the back half of what is not begun, unless all of it takes less than `worth` milliseconds. */
  halve(worth: number): Span[] {
    const { rest, count } = restOf(this.#options.work.spans, this.#lastBegun + 1, this.#cut);
    const each = (performance.now() - this.#since) / Math.max(1, this.#progress.done.size + this.#retries.failed.length);
    if (count * each < worth) return [];
    const given = behind(rest, Math.floor(count / 2));
    this.#cut = Math.min(this.#cut, given[0]?.[0] ?? Infinity);
    return given;
  }

  /** One try at one item, in a place of the gate; gives what it threw, else leaves. Asynchronous only where the worker is. */
  #try(entry: FrozenItem, before: number): Thrown | undefined | Promise<Thrown | undefined> {
    const tries = this.#retries.next(entry.index);
    const { sweep } = this.#options;
    const setting = sweep ? sweep.known(entry) : this.#options;
    return sweep && !setting ? this.#setUp(entry, sweep, tries, before) : this.#work(entry, setting ?? this.#options, tries, before);
  }

  /** Items of a combination for which the worker is not set up yet wait for that, within their time; what it throws, they have thrown. */
  async #setUp(entry: FrozenItem, sweep: Sweep, tries: number, before: number): Promise<Thrown | undefined> {
    const context = new ItemContext(this.#options.shared, entry.index, entry.key, tries, before);
    this.#progress.open.begin(entry, before);
    try {
      this.#marks.started(entry);
      const setting = await sweep.of(entry, () => context.signal);
      context.end((this.#now = performance.now()));
      this.#progress.open.end(entry);
      return await this.#work(entry, setting, tries, this.#now);
    } catch (error) {
      return this.#threw(entry, context, tries, error);
    }
  }

  #work(entry: FrozenItem, { shared, encode }: Setting, tries: number, before: number): Thrown | undefined | Promise<Thrown | undefined> {
    const context = new ItemContext(shared, entry.index, entry.key, tries, before);
    // Alone in its child, an item's rows go straight to the part; beside others they wait until it is finished.
    const lines: string[] | undefined = this.#concurrency === 1 ? undefined : [];
    const sink = lines ? (line: string): void => void lines.push(line) : this.#toPart;
    this.#progress.open.begin(entry, before);
    try {
      this.#marks.started(entry);
      const rows = this.#options.worker.process(entry.item as never, context as never);
      const count = isPromise(rows) ? emitLater(rows, encode, sink) : emitRows(rows, encode, sink);
      if (typeof count === 'number' && !context.artifacts) return this.#finish(entry, count, lines, context);
      return Promise.resolve(count)
        .then((settled) => {
          if (!context.artifacts) return this.#finish(entry, settled, lines, context);
          return context.seal().then((made) => this.#finish(entry, settled, lines, context, made));
        })
        .catch((error: unknown) => this.#threw(entry, context, tries, error));
    } catch (error) {
      return this.#threw(entry, context, tries, error);
    }
  }

  /** Another try at an item, in a place of its own, which it leaves at once. */
  async #tryAgain(entry: FrozenItem): Promise<Thrown | undefined> {
    await this.#gate.enter();
    const thrown = await this.#try(entry, performance.now());
    if (thrown) this.#gate.leave();
    return thrown;
  }

  #finish(entry: FrozenItem, rows: number, lines: readonly string[] | undefined, context: ItemContext, made?: readonly Made[]): undefined {
    if (context.withdrawn) throw context.withdrawn;
    const now = performance.now();
    const ms = context.end(now);
    try {
      if (lines) for (const line of lines) this.#writer.append(line);
      this.#writer.done(entry.index, entry.key, rows, ms, 1, made && `,"artifacts":${JSON.stringify(made)}`);
      this.#marks.ended(ms);
    } catch (error) {
      this.#breakOff(error);
    }
    this.#now = now;
    this.#progress.finish(entry, rows, ms);
    if (made) for (const one of made) this.#artifacts.push({ index: entry.index, key: entry.key, ...one });
    this.#gate.leave();
    if (this.#concurrency > 1 && (this.#marks.on || now - this.#flushedAt >= FLUSH)) this.#flush(now);
  }

  #threw(entry: FrozenItem, context: ItemContext, tries: number, error: unknown): Thrown {
    const thrown = new Thrown(context.withdrawn ?? error, context.timedOut);
    if (thrown.isWithdrawn) this.stop();
    context.end((this.#now = performance.now()));
    this.#retries.count(entry.index, tries);
    if (this.#concurrency === 1) this.#writer.discard();
    context.artifacts?.discard();
    this.#progress.open.end(entry);
    this.#options.shared.log(`item ${entry.index} (${entry.key}) threw, try ${tries}:`, error);
    return thrown;
  }

  /** What becomes of an item that threw: another try later, or its end. Its place is free only once that is noted. */
  #judge(entry: FrozenItem, thrown: Thrown | undefined): void {
    if (!thrown) return;
    if (thrown.isDiskFault) this.#breakOff(thrown.error);
    else if (this.#fatal === undefined) this.#retries.add(entry, thrown);
    this.#gate.leave();
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
    const { shared, send } = this.#options;
    send(this.#progress.beat(this.#retries.failed.length, (since) => shared.stopped.taken(since, now), closing));
  }
}
