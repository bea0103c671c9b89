/**
 * `npm run best -- discovery.parquet [--top 10] [--by sharpeEarly] [--min-trades 30]`: the best strategies of a result, one row each (its best
 * lot size), ranked by what was known at the split; what came after it stands beside. And the ratio that the luckiest of as many strategies
 * without any skill would have reached.
 */
import { parseArgs } from 'node:util';
import { probit, sampleVariance } from 'simple-statistics';
import { readParquet, UserError } from 'shardyard/parquet';
import { z } from 'zod';

const number = z.number().nullable();
const schema = z.looseObject({
  strategy: z.string(),
  lots: z.number(),
  totalReturn: z.number(),
  annualReturn: number,
  sharpe: number,
  sharpeEarly: number,
  sharpeLate: number,
  sharpeLow: number,
  maxDrawdown: z.number(),
  trades: z.number(),
  winRate: number,
  costs: z.number(),
});
type Result = z.infer<typeof schema>;

const CRITERIA = ['sharpeEarly', 'sharpe', 'sharpeLow', 'totalReturn'] as const;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    top: { type: 'string', default: '10' },
    by: { type: 'string', default: 'sharpeEarly' },
    'min-trades': { type: 'string', default: '30' },
  },
});
const [file] = positionals;
const by = CRITERIA.find((name) => name === values.by);
const [top, least] = [values.top, values['min-trades']].map(Number);
if (file === undefined || by === undefined || !Number.isInteger(top) || !Number.isInteger(least)) {
  console.error(`usage: npm run best -- FILE.parquet [--top 10] [--by ${CRITERIA.join('|')}] [--min-trades 30]`);
  process.exit(2);
}

const results: Result[] = [];
try {
  for await (const row of readParquet(file)) results.push(schema.parse(row));
} catch (error) {
  if (error instanceof UserError) console.error(`${file} ${error.message}`);
  else if (error instanceof z.ZodError) console.error(`${file} is no result of strategy-discovery: ${z.prettifyError(error)}`);
  else throw error;
  process.exit(2);
}
const score = (result: Result): number => result[by] ?? -Infinity;
const ranked = results.filter(({ trades }) => trades >= (least ?? 0)).toSorted((a, b) => score(b) - score(a));
const best = [...new Map(ranked.toReversed().map((result) => [result.strategy, result])).values()]
  .toSorted((a, b) => score(b) - score(a))
  .slice(0, top);

const percent = (value: number | null): string => (value === null ? '–' : `${(100 * value).toFixed(1)} %`);
const ratio = (value: number | null): string => (value === null ? '–' : value.toFixed(2));
const header = ['', 'strategy', 'lots', 'Sharpe early', 'late', 'low', 'return', 'a year', 'drawdown', 'trades', 'won', 'costs'];
const cells = best.map((row, at) => [
  String(at + 1),
  row.strategy,
  String(row.lots),
  ...[row.sharpeEarly, row.sharpeLate, row.sharpeLow].map(ratio),
  ...[row.totalReturn, row.annualReturn, row.maxDrawdown].map(percent),
  String(row.trades),
  percent(row.winRate),
  row.costs.toFixed(0),
]);
const table = [header, ...cells];
const widths = header.map((_, column) => Math.max(...table.map((line) => (line[column] ?? '').length)));
const isText = (column: number): boolean => column === 1;
for (const line of table) {
  console.log(
    line.map((cell, column) => (isText(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  '),
  );
}

const early = ranked.flatMap(({ sharpeEarly }) => sharpeEarly ?? []);
if (early.length > 1) {
  console.log(`\nOf ${results.length.toLocaleString('en')} rows, ${ranked.length.toLocaleString('en')} have at least ${least} trades.`);
  console.log(`The luckiest of so many without skill would show a Sharpe ratio of about ${luckiest(early).toFixed(2)} in the early part.`);
}

/** The expected maximum of as many ratios around zero with this spread (D. H. Bailey and M. López de Prado, The Deflated Sharpe Ratio, 2014). */
function luckiest(ratios: readonly number[]): number {
  const eulerMascheroni = 0.5772156649;
  const count = ratios.length;
  const quantiles = (1 - eulerMascheroni) * probit(1 - 1 / count) + eulerMascheroni * probit(1 - 1 / (count * Math.E));
  return Math.sqrt(sampleVariance([...ratios])) * quantiles;
}
