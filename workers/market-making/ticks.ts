import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UnrecoverableError, UserError } from 'shardyard';
import { readParquet } from 'shardyard/parquet';
import { inventTicks } from './synthetic.ts';

/** One line of the tape: the best bid or ask as it is from now on, or a trade. */
export interface Tick {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly type: 'BID' | 'ASK' | 'TRADE';
  readonly price: number;
  /** 0 where it is not published. */
  readonly size: number;
}

/** Where ticks come from. */
export interface TickSource {
  /** A workbook with a sheet for each security, or a folder with a Parquet file for each; absent: invented. */
  readonly data?: string | undefined;
  /** Of the workbook. */
  readonly headerRow: number;
  /** Of what is invented. */
  readonly seed: number;
  readonly days: number;
}

const isWorkbook = (data: string): boolean => data.toLowerCase().endsWith('.xlsx');
const PARQUET = '.parquet';
const SYNTHETIC = Array.from({ length: 16 }, (_, at) => `SYNTHETIC-${String(at + 1).padStart(2, '0')}`);

/** Loaded where there is a workbook: what a child loads is paid for at every start. */
const xlsx = () => import('shardyard/xlsx');

/** The names of the securities, in alphabetical order: the same for a workbook and for the files that were made of it. */
export async function namesIn(data: string | undefined): Promise<readonly string[]> {
  if (data === undefined) return SYNTHETIC;
  return (isWorkbook(data) ? await (await xlsx()).sheetNames(data) : parquetIn(data)).toSorted();
}

/** The same, with a look at the first tick of real ones: what is wrong with all of them shows before anything starts. */
export async function securitiesOf(source: TickSource): Promise<readonly string[]> {
  const names = await namesIn(source.data);
  if (source.data !== undefined) for await (const _ of ticksOf(source, names[0] ?? '')) break;
  return names;
}

function parquetIn(data: string): readonly string[] {
  const isFolder = existsSync(data) && statSync(data).isDirectory();
  const files = isFolder ? readdirSync(data).filter((name) => name.endsWith(PARQUET)) : [];
  if (files.length > 0) return files.map((name) => name.slice(0, -PARQUET.length));
  throw new UserError('is neither an .xlsx nor a folder with .parquet files', { place: { file: data }, hint: 'mend --param data=…' });
}

/** The ticks of a security in their order, which also counts within the same moment. */
export async function* ticksOf(source: TickSource, security: string): AsyncGenerator<Tick> {
  if (source.data === undefined) {
    // Whoever gives names of their own, such as the sheets of `--items FILE.xlsx`, would take what is invented for what is in there.
    if (!SYNTHETIC.includes(security))
      throw new UnrecoverableError(
        `${security}: ticks are invented only for ${SYNTHETIC[0]} to ${SYNTHETIC.at(-1)}: give --param data=FILE`,
      );
    yield* inventTicks(source.seed, security, source.days);
    return;
  }
  const { data, headerRow } = source;
  const rows = isWorkbook(data) ? (await xlsx()).readSheet(data, security, { headerRow }) : readParquet(join(data, security + PARQUET));
  let row = 0;
  let last = -Infinity;
  for await (const record of rows) {
    const place = `${data}: ${security}: row ${++row} of the data`;
    const tick = tickOf(record, place);
    if (tick.time < last)
      throw new UnrecoverableError(
        `${place}: it is earlier than the row before: sort them by Dates, without changing the order of equal ones`,
      );
    last = tick.time;
    yield tick;
  }
}

function tickOf({ Dates, Type, Price, Size }: Readonly<Record<string, unknown>>, place: string): Tick {
  if (!(Dates instanceof Date)) throw new UnrecoverableError(`${place}: Dates is ${String(Dates)}, not a date: mend the cell`);
  if (Type !== 'BID' && Type !== 'ASK' && Type !== 'TRADE')
    throw new UnrecoverableError(`${place}: Type is ${String(Type)}: write BID, ASK or TRADE`);
  // Parquet has whole numbers as bigint.
  const [price, size] = [Number(Price), Number(Size ?? 0)];
  if (!(price >= 0 && price < Infinity && size >= 0))
    throw new UnrecoverableError(`${place}: Price ${String(Price)}, Size ${String(Size)}: mend the cells`);
  return { time: Dates.getTime(), type: Type, price, size };
}
