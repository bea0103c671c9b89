import { readParquet } from 'shardyard/parquet';

/** What an exchange publishes of one symbol on one day. */
export interface Session {
  /** YYYY-MM-DD. */
  readonly date: string;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** Mean price of the day, weighted by volume. */
  readonly vwap: number;
  /** Money that changed hands. */
  readonly turnover: number;
  readonly trades: number;
  /** Part of the volume that was delivered rather than sold again on the day, 0 to 1; NaN where it was not published. */
  readonly delivered: number;
}

/** Columns of the file, as NSE names them; prices in rupees, turnover in lakhs. */
const COLUMNS = ['symbol', 'date', 'open', 'high', 'low', 'close', 'vwap', 'turnover_lacs', 'trades', 'deliv_pct'] as const;

/** Sessions by symbol, each in the order of the file, which must be that of their dates. */
export async function readSessions(file: string): Promise<ReadonlyMap<string, readonly Session[]>> {
  const bySymbol = new Map<string, Session[]>();
  let line = 0;
  for await (const row of readParquet(file, { columns: COLUMNS })) {
    const place = `${file}: row ${++line}`;
    const { symbol, date, deliv_pct: percent } = row;
    if (typeof symbol !== 'string' || !(date instanceof Date))
      throw new Error(`${place}: no symbol or no date: give a file as docs/smart-money.md has it`);
    const price = (name: (typeof COLUMNS)[number]): number => {
      const value = Number(row[name]);
      if (!(value > 0 && value < Infinity))
        throw new Error(`${place} (${symbol}): ${name} is ${String(row[name])}: mend or leave out the row`);
      return value;
    };
    const session: Session = {
      date: date.toISOString().slice(0, 10),
      open: price('open'),
      high: price('high'),
      low: price('low'),
      close: price('close'),
      vwap: price('vwap'),
      turnover: price('turnover_lacs'),
      trades: price('trades'),
      delivered: percent === null || percent === undefined ? Number.NaN : Number(percent) / 100,
    };
    const known = bySymbol.get(symbol);
    if (!known) bySymbol.set(symbol, [session]);
    else if (session.date > (known.at(-1)?.date ?? '')) known.push(session);
    else throw new Error(`${place} (${symbol}): ${session.date} is not after the row before: sort the file by symbol and date`);
  }
  return bySymbol;
}
