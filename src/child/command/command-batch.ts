import { ItemTimes } from '../../core/times.ts';
import type { ItemFailure } from '../../core/events.ts';
import { commandText } from '../../core/command.ts';
import type { Span } from '../../core/intervals.ts';
import type { Log } from '../../core/worker.ts';
import type { FrozenItem } from '../../input/item-reader.ts';
import type { ItemReader } from '../../input/reader.ts';
import type { CommandInit, InitMessage, ToParent, WorkMessage } from '../../ipc/messages.ts';
import { PartWriter } from '../../store/part-writer.ts';
import { DoneSpans } from '../done-spans.ts';
import type { StoppedTime } from '../stopped-time.ts';
import { pauses } from '../thrown.ts';
import { collect } from './collect.ts';
import { CommandFailure } from './failure.ts';
import { type Job, prepare } from './job.ts';
import { byCombination, joined, leadOf, ownKey } from './pieces.ts';
import { runProcess } from './run-process.ts';

/** Milliseconds between two heartbeats. */
const HEARTBEAT = 100;

export interface CommandBatchOptions {
  readonly work: WorkMessage;
  readonly command: CommandInit;
  readonly columns: InitMessage['columns'];
  /** Parameters that are swept. */
  readonly grid: InitMessage['grid'];
  readonly reader: ItemReader;
  readonly send: (message: ToParent) => void;
  readonly log: Log;
  /** For how long this process has stood still. */
  readonly stopped: StoppedTime;
}

/**
 * Works through one attempt of a command: a process for each row of neighbours in the list, tried again as a whole; when its tries are used
 * up, its items one by one, so that a bad one costs no other.
 */
export class CommandBatch {
  readonly #options: CommandBatchOptions;
  readonly #writer: PartWriter;
  readonly #abandon = new AbortController();
  readonly #done = new DoneSpans();
  readonly #groups: Span[] = [];
  readonly #failed: ItemFailure[] = [];
  #marked: boolean;
  readonly #times = new ItemTimes();
  #rows = 0;
  #begun = 0;
  #processes = 0;
  #lastKey: string | null = null;
  #running: { readonly items: readonly FrozenItem[]; readonly since: number } | undefined;

  constructor(options: CommandBatchOptions) {
    this.#options = options;
    this.#writer = new PartWriter(options.work);
    // After a death, a batch is tried as a whole once more, with its starts written down; only then its items are tried alone.
    this.#marked = options.work.mode !== 'normal';
    this.#writer.marks(this.#marked ? 'marked' : 'unmarked');
    this.#writer.flush();
  }

  /** Settles with the receipt. Rejects for what is no item's fault, such as a full disk. */
  async run(): Promise<Extract<ToParent, { type: 'receipt' }>> {
    const timer = setInterval(() => this.#beat(), HEARTBEAT);
    try {
      for (const span of joined(this.#options.work.spans)) {
        for (const items of byCombination([...this.#options.reader.read([span])])) {
          if (!this.#abandon.signal.aborted) await this.#group(items);
        }
      }
    } finally {
      clearInterval(timer);
    }
    // Told before: a disk that takes its time for what follows is no item's fault.
    this.#beat(true);
    const totals = { ...this.#writer.finish(), ...(this.#groups.length > 0 ? { groups: this.#groups } : {}) };
    const [rss, itemMs, times] = [process.memoryUsage.rss(), this.#times.sum, this.#times.pack()];
    return { type: 'receipt', spans: this.#done.spans(), totals, failed: this.#failed, itemMs, writeMs: this.#writer.writeMs, rss, times };
  }

  /** Begins nothing new. */
  stop(): void {
    this.#abandon.abort();
  }

  /** A process has all of its items at once. */
  halve(): Span[] {
    return [];
  }

  async #group(items: readonly FrozenItem[]): Promise<void> {
    const { work, log } = this.#options;
    this.#begun += items.length;
    const before = Math.max(...items.map(({ index }) => new Map(work.tries).get(index) ?? 0));
    const found = await this.#tryAgain(items, before);
    if (!found) return;
    const { failure, tries } = found;
    if (items.length === 1 || failure.pointless === 'all') {
      for (const item of items) this.#fail(item, failure, tries);
      return;
    }
    log(`${items.length} items fail together: one by one now`);
    if (!this.#marked) this.#writer.marks('marked');
    this.#marked = true;
    for (const item of items) {
      if (this.#abandon.signal.aborted) return;
      const alone = await this.#try([item]);
      if (alone) this.#fail(item, alone, tries + 1);
    }
  }

  /** Tries some items together until they are done, their tries are used up, or nobody wants them any more. */
  async #tryAgain(items: readonly FrozenItem[], before: number): Promise<{ failure: CommandFailure; tries: number } | undefined> {
    const { work, send } = this.#options;
    const [first] = items;
    const { signal } = this.#abandon;
    let tries = before;
    const attempt = async (): Promise<void> => {
      tries++;
      const failure = await this.#try(items);
      if (failure) throw failure;
    };
    const { default: pRetry } = await import('p-retry');
    try {
      await pRetry(attempt, {
        ...pauses(before, work.retries),
        signal,
        shouldRetry: ({ error }) => error instanceof CommandFailure && error.pointless === 'no' && !signal.aborted,
        onFailedAttempt: ({ error, retriesLeft }) => {
          if (retriesLeft === 0 || !(error instanceof CommandFailure) || error.pointless !== 'no' || !first) return;
          if (this.#marked) for (const { index, key } of items) this.#writer.note(index, key, 'tried');
          const message = items.length === 1 ? error.message : `${items.length} items together: ${error.message}`;
          send({ type: 'tried', index: first.index, key: first.key, tries, message, cause: error.cause });
        },
      });
      return undefined;
    } catch (error) {
      if (signal.aborted) return undefined;
      if (error instanceof CommandFailure) return { failure: error, tries };
      throw error;
    }
  }

  /** One process for some items; gives why it failed, if it did. */
  async #try(items: readonly FrozenItem[]): Promise<CommandFailure | undefined> {
    const { log, work } = this.#options;
    const since = performance.now();
    if (this.#marked) for (const { index, key } of items) this.#writer.note(index, key, 'started', `,"at":${Date.now()}`);
    this.#writer.flush();
    this.#running = { items, since };
    let job: Job | undefined;
    try {
      job = this.#prepare(items);
      log(`$ ${commandText(job.args)}`);
      const { cwd } = this.#options.command.spec;
      await runProcess({
        args: job.args,
        cwd,
        ...(work.log === undefined ? {} : { log: work.log }),
        ...(job.isStdout ? { stdout: job.file } : {}),
      });
      await this.#take(items, job, since);
      return undefined;
    } catch (error) {
      this.#writer.discard();
      if (!(error instanceof CommandFailure)) throw error;
      log(`it failed: ${error.message}`);
      return error;
    } finally {
      this.#running = undefined;
      job?.clean();
      this.#writer.flush();
    }
  }

  #prepare(items: readonly FrozenItem[]): Job {
    const { work, command, grid } = this.#options;
    const { shard, batch, attempt } = work;
    const name = `${command.run}-s${shard}-b${batch}-a${attempt}-${++this.#processes}`;
    const offset = work.items.kind === 'range' ? work.items.start : 0;
    return prepare({ ...command, name, shard, batch, items, offset, swept: leadOf(grid, items) });
  }

  /** Takes the rows over: of each item by itself where a column tells them apart, else of all of them together. */
  async #take(items: readonly FrozenItem[], job: Job, since: number): Promise<void> {
    const { columns, command, grid } = this.#options;
    const { spec, folder } = command;
    const { itemColumn, format } = spec;
    const byKey = itemColumn === undefined ? undefined : new Map(items.map((item): [string, Uint8Array[]] => [ownKey(item), []]));
    const options = { ...job, format, columns, folder, itemColumn, lead: leadOf(grid, items) };
    const rows = await collect({
      ...options,
      take: (bytes, key) => {
        if (!byKey || key === undefined) {
          if (typeof bytes === 'string') this.#writer.append(bytes);
          else this.#writer.appendBytes(bytes);
          return;
        }
        const own = byKey.get(key);
        const stray = `${job.name}: a row has ${JSON.stringify(key)} in ${itemColumn}, which is none of the items`;
        if (!own) throw new CommandFailure('bad-output', stray);
        own.push(Buffer.from(bytes as Uint8Array));
      },
    });
    const ms = this.#options.stopped.taken(since, performance.now());
    for (const _ of items) this.#times.add(ms / items.length);
    this.#rows += rows;
    const [first] = items;
    if (!first) return;
    if (byKey) {
      for (const item of items) {
        const { index, key } = item;
        const own = byKey.get(ownKey(item)) ?? [];
        for (const bytes of own) this.#writer.appendBytes(bytes);
        this.#writer.done(index, key, own.length, ms / items.length);
      }
    } else this.#writer.done(first.index, first.key, rows, ms, items.length);
    if (!byKey && items.length > 1) this.#groups.push([first.index, first.index + items.length]);
    for (const { index } of items) this.#done.add(index);
    this.#lastKey = items.at(-1)?.key ?? null;
  }

  #fail({ index, key }: FrozenItem, { cause, message }: CommandFailure, tries: number): void {
    const more = `,"tries":${tries},"cause":"${cause}","message":${JSON.stringify(message)}`;
    this.#writer.note(index, key, 'failed', more);
    this.#writer.flush();
    this.#failed.push({ index, key, cause, message, tries });
  }

  #beat(closing = false): void {
    const settled = this.#done.size + this.#failed.length;
    const now = performance.now();
    const { items, since } = this.#running ?? { items: [], since: now };
    const taken = this.#options.stopped.taken(since, now);
    const [first] = items;
    // A process of several items has as many times as long.
    const oldest = first
      ? { key: items.length === 1 ? first.key : `${first.key} and the ${items.length - 1} behind it`, ms: taken / items.length }
      : null;
    const count = { settled, failed: this.#failed.length, rows: this.#rows, begun: this.#begun };
    const [lastKey, rss, times, open] = [this.#lastKey, process.memoryUsage.rss(), this.#times.pack(), oldest ? [oldest] : []];
    this.#options.send({ type: 'progress', ...count, lastKey, oldest, open, times, rss, closing });
  }
}
