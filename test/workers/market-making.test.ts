import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readParquet, writeParquet } from 'shardyard/parquet';
import { runItem } from 'shardyard/testing';
import { afterAll, describe, expect, test } from 'vitest';
import worker from '../../workers/market-making.ts';
import { inventTicks } from '../../workers/market-making/synthetic.ts';
import { securitiesOf, type Tick } from '../../workers/market-making/ticks.ts';
import { Place } from '../process/support.ts';
import { row as textRow, workbook } from '../support/xlsx.ts';

const WORKER = join(import.meta.dirname, '../../workers/market-making.ts');
const folder = mkdtempSync(join(tmpdir(), 'market-making-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('invented ticks', () => {
  const ticks = ['SYNTHETIC-01', 'SYNTHETIC-02', 'SYNTHETIC-03'].map((name) => [...inventTicks(1, name, 20)]);
  const all = ticks.flat();
  const share = (some: readonly unknown[], of: readonly unknown[] = all): number => some.length / of.length;

  test('depend on the seed and the name only, and a longer series begins as a shorter one', () => {
    expect([...inventTicks(1, 'SYNTHETIC-01', 2)]).toEqual(ticks[0]?.slice(0, [...inventTicks(1, 'SYNTHETIC-01', 2)].length));
    expect([...inventTicks(2, 'SYNTHETIC-01', 1)][99]).not.toEqual(ticks[0]?.[99]);
  });

  test('have names of their own: for any other one, such as a sheet of `--items FILE.xlsx`, nothing is invented', async () => {
    await expect(runItem(worker, 'AAPL', { params: { days: 1 } })).rejects.toMatchObject({
      name: 'UnrecoverableError',
      message: 'AAPL: ticks are invented only for SYNTHETIC-01 to SYNTHETIC-16: give --param data=FILE',
    });
  });

  test('are as those of a real share: kinds, equal seconds, sizes, moves, shape of the day', () => {
    for (const [type, expected] of Object.entries({ BID: 0.35, ASK: 0.35, TRADE: 0.3 })) {
      expect(Math.abs(share(all.filter((tick) => tick.type === type)) - expected)).toBeLessThan(0.02);
    }
    expect(share(all.filter(({ price }) => price === 0))).toBeCloseTo(0.01, 2);
    const repeated = ticks.flatMap((some) => some.filter(({ time }, at) => time === some[at - 1]?.time));
    expect(Math.abs(share(repeated) - 0.72)).toBeLessThan(0.02);
    const moves = ticks.flatMap((some) => {
      const prices = some.flatMap(({ type, price }) => (type === 'TRADE' ? [price] : []));
      return prices.slice(1).map((price, at) => Math.round(100 * Math.abs(price - (prices[at] ?? 0))));
    });
    expect(
      Math.abs(
        share(
          moves.filter((move) => move === 0),
          moves,
        ) - 0.84,
      ),
    ).toBeLessThan(0.03);
    expect(Math.max(...moves)).toBeLessThanOrEqual(4);
    const sizes = all.flatMap(({ type, size }) => (type === 'TRADE' ? [size] : [])).toSorted((a, b) => a - b);
    const quantile = (part: number): number => sizes[Math.floor(part * sizes.length)] ?? 0;
    expect(quantile(0.5) / 1_782).toBeCloseTo(1, 0);
    expect([quantile(0.05) < 90, quantile(0.95) > 35_000]).toEqual([true, true]);
    const lastHalfHour = all.filter(({ time }) => time % 86_400_000 >= 10.5 * 3_600_000);
    expect(share(lastHalfHour)).toBeCloseTo(0.134, 2);
  });
});

describe('a workbook and the Parquet files made of it', () => {
  const names = ['B 1', 'A&2'];
  const ticksBy = new Map(names.map((name) => [name, [...inventTicks(3, name, 1)].slice(0, 1_500)]));

  test('give the same rows and the same files, rows of one moment in their order', async () => {
    const data = join(folder, 'ticks.xlsx');
    writeFileSync(
      data,
      workbook({ sheets: Object.fromEntries([...ticksBy].map(([name, ticks]) => [name, sheetOf(ticks)])), styles: STYLES }),
    );
    const parquet = join(folder, 'parquet');
    mkdirSync(parquet);
    for (const [name, ticks] of ticksBy) {
      const rows = ticks.map(({ time, type, price, size }) => ({ Dates: new Date(time), Type: type, Price: price, Size: size }));
      await writeParquet(join(parquet, `${name}.parquet`), rows);
    }
    const source = { headerRow: 3, seed: 1, days: 1 };
    expect(await securitiesOf({ ...source, data })).toEqual(['A&2', 'B 1']);
    expect(await securitiesOf({ ...source, data: parquet })).toEqual(['A&2', 'B 1']);
    for (const name of names) {
      const artifacts = { xlsx: join(folder, 'of-xlsx'), parquet: join(folder, 'of-parquet') };
      const [row] = await runItem(worker, name, { params: { data }, artifacts: artifacts.xlsx });
      expect(await runItem(worker, name, { params: { data: parquet }, artifacts: artifacts.parquet })).toEqual([row]);
      expect(row).toMatchObject({ security: name, ticks: 1_500 });
      const trades = await Promise.all(Object.values(artifacts).map((path) => rowsOf(join(path, `${name}-trades.parquet`))));
      expect(trades[0]).toEqual(trades[1]);
      expect(trades[0]).toHaveLength(Number(row?.['trades']));
      expect(trades[0]?.at(-1)).toMatchObject({ realised: row?.['realised'], position: row?.['position'] });
    }
  });

  test.each([
    [{ Dates: '2025', Type: 'BID', Price: 1, Size: 1 }, 'S: row 1 of the data: Dates is 2025, not a date'],
    [{ Dates: new Date(0), Type: 'MID', Price: 1, Size: 1 }, 'Type is MID: write BID, ASK or TRADE'],
    [{ Dates: new Date(0), Type: 'BID', Price: null, Size: -1 }, 'Price null, Size -1: mend the cells'],
  ])('a row that is no tick: %j', async (record, message) => {
    const data = mkdtempSync(join(folder, 'wrong-'));
    await writeParquet(join(data, 'S.parquet'), [record]);
    await expect(runItem(worker, 'S', { params: { data } })).rejects.toThrow(message);
  });

  test('a row that is earlier than the one before, and data that are neither', async () => {
    const data = mkdtempSync(join(folder, 'wrong-'));
    const record = { Type: 'BID', Price: 1, Size: 1 };
    await writeParquet(
      join(data, 'S.parquet'),
      [2, 1].map((time) => ({ Dates: new Date(time), ...record })),
    );
    await expect(runItem(worker, 'S', { params: { data } })).rejects.toThrow('row 2 of the data: it is earlier than the row before');
    await expect(securitiesOf({ data: join(folder, 'none'), headerRow: 3, seed: 1, days: 1 })).rejects.toThrow(
      'neither an .xlsx nor a folder with .parquet',
    );
  });
});

test('the same bytes for one process and for three, rows and files', async () => {
  const place = new Place();
  const run = (processes: string) => {
    const options = [
      '--param',
      'days=1',
      '--limit',
      '4',
      '--batch-size',
      '2',
      '-p',
      processes,
      '--name',
      `r${processes}`,
      '-o',
      `${processes}.csv`,
    ];
    return place.shardyard('run', WORKER, ...options, '--spares', '0', '--progress', 'none');
  };
  const [one, three] = await Promise.all(['1', '3'].map(run));
  expect([one?.code, three?.code], `${one?.stderr}${three?.stderr}`).toEqual([0, 0]);
  expect(place.read('3.csv')).toBe(place.read('1.csv'));
  expect(place.lines('1.csv')).toHaveLength(5);
  const artifact = (name: string): Buffer => place.bytes(`data/runs/${name}/artifacts/SYNTHETIC-03-trades.parquet`);
  expect(artifact('r3').equals(artifact('r1'))).toBe(true);
});

async function rowsOf(path: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const rows: Readonly<Record<string, unknown>>[] = [];
  for await (const found of readParquet(path)) rows.push(found);
  return rows;
}

const STYLES = '<cellXfs><xf numFmtId="0"/><xf numFmtId="22"/></cellXfs>';

/** As the terminal of a data vendor has it: title, note, header, and dates as days since 1900. */
function sheetOf(ticks: readonly Tick[]): string {
  const rows = ticks.map(({ time, type, price, size }, at) => {
    const cells = `<c s="1"><v>${time / 86_400_000 + 25_569}</v></c><c t="str"><v>${type}</v></c><c><v>${price}</v></c><c><v>${size}</v></c>`;
    return `<row r="${at + 4}">${cells}</row>`;
  });
  return [textRow(1, ['Ticks']), textRow(2, ['a note']), textRow(3, ['Dates', 'Type', 'Price', 'Size']), ...rows].join('');
}
