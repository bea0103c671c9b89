import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const shippedFile = join(import.meta.dirname, '../../data/fx/usd_rates_wide_common.csv');
const folder = mkdtempSync(join(tmpdir(), 'fx-rates-'));
let files = 0;

/** Symbol to the logarithm of its value by position, from 0. */
type LogValues = Readonly<Record<string, (step: number) => number>>;

/** Up by 0.02 and down by 0.01 by turns. */
export function zigzag(step: number): number {
  return Math.ceil(step / 2) * 0.02 - Math.floor(step / 2) * 0.01;
}

/** Makes a data file of daily rates from 2024-01-01; returns its path. */
export function writeRates(dates: number, currencies: LogValues): string {
  return writeLines(rateLines(dates, currencies));
}

/** The lines of such a file, the header first. */
export function rateLines(dates: number, currencies: LogValues): readonly string[] {
  const header = ['date', ...Object.keys(currencies)].join().toLowerCase();
  const unitsPerDollar = (step: number) => Object.values(currencies).map((logValue) => Math.exp(-logValue(step)));
  return [header, ...Array.from({ length: dates }, (_, step) => [daysAfterNewYear(step), ...unitsPerDollar(step)].join())];
}

/** The shipped data, with the rates of the affected dates multiplied by anything from a half to two; returns its path. */
export function distorted(seed: number, isAffected: (date: string) => boolean): string {
  let state = seed;
  const factor = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return 2 ** (state / 2 ** 31);
  };
  const distort = (line: string) => {
    const [date = '', ...rates] = line.split(',');
    return isAffected(date) ? [date, ...rates.map((rate) => Number(rate) * factor())].join() : line;
  };
  const [header = '', ...lines] = readFileSync(shippedFile, 'utf8').trimEnd().split('\n');
  return writeLines([header, ...lines.map(distort)]);
}

/** Returns the path of a new file. */
export function writeLines(lines: readonly string[]): string {
  const file = join(folder, `${files++}.csv`);
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

/** Removes all files that this module has written. */
export function removeRateFiles(): void {
  rmSync(folder, { recursive: true, force: true });
}

function daysAfterNewYear(days: number): string {
  return new Date(Date.UTC(2024, 0, 1 + days)).toISOString().slice(0, 10);
}
