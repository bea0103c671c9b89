import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import Papa from 'papaparse';
import { openPromise } from 'yauzl';

/** Prices over time, oldest first: all arrays have one number for each bar. */
export interface Bars {
  readonly first: string;
  readonly last: string;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  /** Half of what lies between bid and ask at the open, in the price's unit. */
  readonly halfSpread: Float64Array;
  readonly barsPerYear: number;
}

/** What one line of a file says. `halfSpread` is there where the file has bid and ask. */
interface Bar {
  readonly time: string;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly halfSpread?: number;
}

const YEAR = 365.25 * 86_400_000;

/**
 * Reads bars from a CSV, or a zip with one in it: either with a header that has `date` (or `time`), `open`, `high`, `low` and `close`, or
 * without one in the layout of LEAN's quotes (`20070101 21:00`, bid open, high, low, close, size, ask the same), whose mean of bid and ask
 * is the price. `spreadBps` is what files without bid and ask are taken to have, in hundredths of a percent of the price.
 */
export async function readBars(file: string, spreadBps: number): Promise<Bars> {
  const bars: Bar[] = [];
  let read: ((cells: readonly string[]) => Bar) | undefined;
  let line = 0;
  const step = ({ data: cells }: { readonly data: readonly string[] }): void => {
    line++;
    const isLean = /^\d{8} \d\d:\d\d$/.test(cells[0] ?? '');
    if (read || isLean) bars.push(checked((read ??= leanBar)(cells), `${file}:${line}`));
    else read = readerOf(cells, file);
  };
  // Row by row: all cells of a file at once are what a child would be largest for.
  Papa.parse<readonly string[]>(await textOf(file), { delimiter: ',', skipEmptyLines: true, step });
  for (const [at, { time }] of bars.entries()) {
    if (at > 0 && time <= (bars[at - 1]?.time ?? '')) {
      throw new Error(`${file}: bar ${at + 1} (${time}) is not after the one before: sort the lines by time`);
    }
  }
  const [first, last] = [bars[0]?.time, bars.at(-1)?.time];
  if (first === undefined || last === undefined || first === last) throw new Error(`${file}: fewer than two bars: give another file`);
  const column = (value: (bar: Bar) => number): Float64Array => Float64Array.from(bars, value);
  return {
    first,
    last,
    open: column((bar) => bar.open),
    high: column((bar) => bar.high),
    low: column((bar) => bar.low),
    close: column((bar) => bar.close),
    halfSpread: column((bar) => bar.halfSpread ?? (bar.open * spreadBps) / 20_000),
    barsPerYear: (bars.length - 1) / ((Date.parse(last) - Date.parse(first)) / YEAR),
  };
}

async function textOf(file: string): Promise<string> {
  if (!file.toLowerCase().endsWith('.zip')) return readFile(file, 'utf8');
  const zip = await openPromise(file, { autoClose: false });
  try {
    for await (const entry of zip.eachEntry()) {
      if (entry.fileName.toLowerCase().endsWith('.csv')) return await text(await zip.openReadStreamPromise(entry));
    }
    throw new Error(`${file}: there is no .csv in it: unpack it, and give the file`);
  } finally {
    zip.close();
  }
}

function readerOf(header: readonly string[], file: string): (cells: readonly string[]) => Bar {
  const names = header.map((name) => name.trim().toLowerCase());
  const place = (...known: readonly string[]): number => {
    const at = names.findIndex((name) => known.includes(name));
    if (at < 0)
      throw new Error(
        `${file}:1: no column ${known.join(' or ')} (it has ${names.join(', ')}): give a file with date, open, high, low, close`,
      );
    return at;
  };
  const [time, open, high, low, close] = [place('date', 'time'), place('open'), place('high'), place('low'), place('close')];
  return (cells) => ({
    time: cells[time] ?? '',
    open: numberAt(cells, open),
    high: numberAt(cells, high),
    low: numberAt(cells, low),
    close: numberAt(cells, close),
  });
}

function leanBar(cells: readonly string[]): Bar {
  const [time = '', bidOpen, bidHigh, bidLow, bidClose, , askOpen, askHigh, askLow, askClose] = cells;
  return {
    time: time.replace(/^(\d{4})(\d\d)(\d\d) (\d\d:\d\d)$/, '$1-$2-$3T$4Z'),
    open: middle(bidOpen, askOpen),
    high: middle(bidHigh, askHigh),
    low: middle(bidLow, askLow),
    close: middle(bidClose, askClose),
    halfSpread: (Number(askOpen) - Number(bidOpen)) / 2,
  };
}

function checked(bar: Bar, place: string): Bar {
  const { time, open, high, low, close, halfSpread = 0 } = bar;
  if (!/^\d{4}-\d\d-\d\d/.test(time) || Number.isNaN(Date.parse(time)))
    throw new Error(`${place}: "${time}" is no time: write it as YYYY-MM-DD`);
  const isWhole = [open, high, low, close].every((price) => price > 0 && price < Infinity);
  if (!isWhole || high < Math.max(open, close) || low > Math.min(open, close)) {
    throw new Error(`${place}: open ${open}, high ${high}, low ${low}, close ${close} is no bar: mend the line`);
  }
  if (!(halfSpread >= 0)) throw new Error(`${place}: the ask is below the bid: mend the line`);
  return bar;
}

// An empty cell is not 0.
const numberAt = (cells: readonly string[], at: number): number => Number(cells[at] || Number.NaN);
const middle = (bid: string | undefined, ask: string | undefined): number => (Number(bid) + Number(ask)) / 2;
