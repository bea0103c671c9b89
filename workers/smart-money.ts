/**
 * A supervised-learning set from deliveries on the Indian stock exchange: 100 symbols x 36 dates = 3,600 rows of 30 features, the return that
 * followed, and whether it beat the market. See docs/smart-money.md.
 *
 * An item is one symbol and gives a row for each sample date. NSE publishes how much of a day's volume was really delivered instead of being
 * sold again on the same day; who takes delivery wants to keep the shares. Without the file of the exchange (`--param data=FILE`) the
 * sessions are invented, and the symbols are named so.
 */
import { existsSync } from 'node:fs';
import { defineWorker, UnrecoverableError } from 'shardyard';
import { z } from 'zod';
import { features, type Known, LOOK_BACK } from './smart-money/features.ts';
import { windowOf } from './smart-money/history.ts';
import { forwardReturn, type Market, marketOf } from './smart-money/market.ts';
import { readSessions } from './smart-money/sessions.ts';
import { inventSessions } from './smart-money/synthetic.ts';

const params = z.strictObject({
  /** A Parquet file of sessions, sorted by symbol and date; default: invented ones. */
  data: z
    .string()
    .refine(
      (file) => existsSync(file),
      'there is no such file: see docs/smart-money.md for what it is, or leave it out for invented sessions',
    )
    .optional(),
  /** Of the invented sessions. */
  seed: z.coerce.number().int().default(1),
  symbols: z.coerce.number().int().positive().default(100),
  /** Sample dates, spread evenly. */
  samples: z.coerce.number().int().positive().default(36),
  /** Sessions that the label looks ahead. */
  horizon: z.coerce.number().int().positive().default(10),
});

const numbers = Object.fromEntries(Object.keys(features).map((name) => [name, 'double'] as const));

export default defineWorker({
  params,
  columns: ['symbol', 'date', ...Object.keys(features), 'forwardReturn', 'excessReturn', 'label'],
  types: { symbol: 'string', date: 'string', ...numbers, forwardReturn: 'double', excessReturn: 'double', label: 'int32' },
  // Reading the sessions takes longer than a symbol does.
  defaults: { batchSize: 50 },

  items: async (given) => (await readMarket(given)).chosen.keys(),

  setup: async ({ params: given, log }) => {
    const market = await readMarket(given);
    log(
      `${given.data ?? 'invented sessions'}: ${market.days.length} sample dates from ${market.days[0]?.date} to ${market.days.at(-1)?.date}`,
    );
    return market;
  },

  process: (symbol: string, { params: given, state: { chosen, days, steps } }) => {
    const history = chosen.get(symbol);
    if (!history)
      throw new UnrecoverableError(`${symbol}: none of the ${chosen.size} chosen symbols: leave it out, or raise --param symbols`);
    return days.map(({ date, index, peers, marketForward }) => {
      const market = steps.slice(index + 1 - LOOK_BACK, index + 1);
      const known: Known = { past: windowOf(history, index, LOOK_BACK), market, peers };
      const values = Object.entries(features).map(([name, feature]) => [name, rounded(feature(known))] as const);
      const forward = forwardReturn(history, index, given.horizon);
      const excess = rounded(forward - marketForward);
      return {
        symbol,
        date,
        ...Object.fromEntries(values),
        forwardReturn: rounded(forward),
        excessReturn: excess,
        label: excess > 0 ? 1 : 0,
      };
    });
  },
});

async function readMarket(given: z.output<typeof params>): Promise<Market> {
  const sessions = given.data === undefined ? inventSessions(given.seed) : await readSessions(given.data);
  return marketOf(given.data ?? 'invented sessions', sessions, given);
}

/** Six decimals, never -0; 0 for what has no value, such as the correlation of something that did not move. */
function rounded(value: number): number {
  return Number.isFinite(value) ? Math.round(value * 1e6) / 1e6 + 0 : 0;
}
