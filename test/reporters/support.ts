import { Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import type { ItemFailure, Receipt, RunEvent } from '../../src/core/events.ts';
import type { Report, SlotView, Snapshot } from '../../src/core/report.ts';
import type { Clock } from '../../src/reporters/clock.ts';

/** A stream that keeps what is written to it, as a pipe or a file would. */
export class Paper extends Writable {
  chunks: string[] = [];
  #waiting: (() => void)[] = [];

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.chunks.push(chunk.toString());
    for (const tell of this.#waiting.splice(0)) tell();
    done();
  }

  get text(): string {
    return this.chunks.join('');
  }

  get lines(): string[] {
    return this.text.split('\n').slice(0, -1);
  }

  /** Settles with the next write. */
  written(): Promise<void> {
    return new Promise((settle) => this.#waiting.push(settle));
  }
}

/** A terminal: knows its size and what is on its screen. Long lines wrap; nothing scrolls. */
export class Terminal extends Paper {
  readonly isTTY = true;
  columns: number;
  rows: number;
  colours = false;

  constructor(columns = 100, rows = 24) {
    super();
    this.columns = columns;
    this.rows = rows;
  }

  hasColors(): boolean {
    return this.colours;
  }

  resize(columns: number, rows: number): void {
    this.columns = columns;
    this.rows = rows;
    this.emit('resize');
  }

  /** The lines that are to be seen, without the empty ones at the end. */
  get screen(): string[] {
    const lines: string[] = [''];
    let row = 0;
    let column = 0;
    // oxlint-disable-next-line no-control-regex -- it reads terminal codes
    for (const [token, , argument = '', code] of this.text.matchAll(/(\x1b\[([?\d]*)([A-Za-z]))|\n|\r|[^\n\r\x1b]+/g)) {
      if (token === '\n') {
        row += 1;
        column = 0;
      } else if (token === '\r' || code === 'G') column = 0;
      else if (code === 'A') row = Math.max(0, row - Number(argument || 1));
      else if (code === 'B') row += Number(argument || 1);
      else if (code === 'K') lines[row] = argument === '2' ? '' : (lines[row] ?? '').slice(0, column);
      else if (code === 'J') lines.splice(row, Infinity, (lines[row] ?? '').slice(0, column));
      else if (code === undefined) {
        const line = (lines[row] ?? '').padEnd(column);
        lines[row] = line.slice(0, column) + token + line.slice(column + token.length);
        column += token.length;
      } else if (code !== 'm' && code !== 'h' && code !== 'l') throw new Error(`unknown terminal code ${JSON.stringify(token)}`);
      for (let above = 0; above < row; above++) lines[above] ??= '';
    }
    return lines.join('\n').trimEnd().split('\n');
  }
}

/** A clock that stands still until it is told to go on. */
export class ManualClock implements Clock {
  #now = 0;
  #timers: { every: number; next: number; tick: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  every(ms: number, tick: () => void): () => void {
    const timer = { every: ms, next: this.#now + ms, tick };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  get timers(): number {
    return this.#timers.length;
  }

  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [due] = this.#timers.filter((timer) => timer.next <= end).toSorted((a, b) => a.next - b.next);
      if (!due) break;
      this.#now = due.next;
      due.next += due.every;
      due.tick();
    }
    this.#now = end;
  }
}

export const plainText = (text: string): string => stripVTControlCharacters(text);

/** A run's state that the test changes as it goes. */
export function createSource(start: Partial<Snapshot> = {}): { now: Snapshot; set(change: Partial<Snapshot>): void; snapshot(): Snapshot } {
  const source: { now: Snapshot; set(change: Partial<Snapshot>): void; snapshot(): Snapshot } = {
    now: {
      run: 'fx',
      phase: 'working',
      total: 3600,
      done: 0,
      failed: 0,
      rows: 0,
      rate: null,
      etaSeconds: null,
      elapsedMs: 0,
      peakRssBytes: null,
      slots: [],
      calls: null,
      ...start,
    },
    set(change: Partial<Snapshot>) {
      source.now = { ...source.now, ...change };
    },
    snapshot: () => source.now,
  };
  return source;
}

export function slotView(slot: number, view: Partial<SlotView> = {}): SlotView {
  return {
    slot,
    shard: slot,
    batch: 2,
    stolen: false,
    pid: 100 + slot,
    done: 50,
    total: 200,
    rate: 4.25,
    rssBytes: 182e6,
    peakRssBytes: 182e6,
    lastKey: 'AAPL',
    ...view,
  };
}

type Untimed<E> = E extends RunEvent ? Omit<E, 'at'> : never;
type Committed = Extract<RunEvent, { type: 'committed' }>;

export function event(body: Untimed<RunEvent>): RunEvent {
  return { at: 0, ...body };
}

export function failure(change: Partial<ItemFailure> = {}): ItemFailure {
  return { index: 17, key: 'AAPL', cause: 'error', message: 'no answer', tries: 3, ...change };
}

/** A batch of shard 0 that was committed, of items `start` to `end`. */
export function committed(start: number, end: number, change: Partial<Committed> = {}, failed: readonly ItemFailure[] = []): RunEvent {
  const items = end - start - failed.length;
  const receipt: Receipt = {
    items,
    rows: items,
    bytes: 1,
    crc32: 0,
    layout: 'plain',
    ledgerLines: items,
    ledgerBytes: 1,
    ledgerCrc32: 0,
    failed,
    itemMs: 1,
  };
  return event({
    type: 'committed',
    shard: 0,
    batch: start,
    attempt: 1,
    spans: [[start, end]],
    receipt,
    salvaged: false,
    ms: 47_100,
    rss: 182e6,
    ...change,
  });
}

export function report(change: Partial<Report> = {}): Report {
  return {
    version: 1,
    run: 'fx',
    state: 'done',
    exitCode: 0,
    stopped: null,
    items: { total: 3600, done: 3600, failed: 0, owed: 0 },
    rows: 432_000,
    failedByCause: {},
    failures: [],
    failuresLeftOut: 0,
    keptOldRows: [],
    retries: 0,
    calls: null,
    children: { started: 24, died: 0, peakRssBytes: 182e6 },
    parentPeakRssBytes: 88e6,
    time: { wall: 273_000, planning: 213, setup: 3120, items: 972_000, writing: 1240, merging: 412 },
    speedUp: 3.56,
    output: { file: 'data/runs/fx/fx.csv', rows: 432_000, bytes: 12.3e6, sha256: 'ab'.repeat(32) },
    folder: 'data/runs/fx',
    logs: 'logs/fx',
    next: null,
    warnings: [],
    ...change,
  };
}
