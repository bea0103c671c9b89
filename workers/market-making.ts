/**
 * A market maker over ticks: it quotes both sides of each security within limits, waits its turn in the queue, and gets one row of what came
 * of it; its trades go into a Parquet file for each security. See docs/market-making.md.
 *
 * An item is one security: a sheet of a workbook, or a Parquet file that `shardyard convert` made of it (`--param data=…`). Without data the
 * ticks are invented, the securities are named so, and any other name is refused.
 */
import { join } from 'node:path';
import { defineWorker, UserError } from 'shardyard';
import { writeParquet } from 'shardyard/parquet';
import { z } from 'zod';
import { MarketMaker, rounded } from './market-making/maker.ts';
import { faultsOf, type Instead, readTerms, termsOf } from './market-making/terms.ts';
import { namesIn, securitiesOf, ticksOf } from './market-making/ticks.ts';

const types = {
  security: 'string',
  firstTime: 'timestamp',
  lastTime: 'timestamp',
  ticks: 'int64',
  skipped: 'int64',
  trades: 'int64',
  buys: 'int64',
  sells: 'int64',
  adverse: 'int64',
  volume: 'double',
  notional: 'double',
  realised: 'double',
  unrealised: 'double',
  fees: 'double',
  profit: 'double',
  position: 'double',
  maxPosition: 'double',
} as const;

/** Of the file of a security's trades. */
const tradeTypes = {
  time: 'timestamp',
  side: 'string',
  price: 'double',
  size: 'double',
  reason: 'string',
  position: 'double',
  realised: 'double',
} as const;

const params = z
  .strictObject({
    /** An .xlsx with a sheet for each security, or a folder with a .parquet for each; default: invented ticks. */
    data: z.string().optional(),
    /** The row of each sheet that has Dates, Type, Price and Size. */
    headerRow: z.coerce.number().int().positive().default(3),
    /** How each security is quoted. */
    config: z.string().default(join(import.meta.dirname, 'market-making/securities.json')),
    /** Seconds that a side stays empty after a fill, for all securities: instead of what the file says. */
    refill: z.coerce.number().nonnegative().optional(),
    /** What is offered at a time, for all securities. */
    size: z.coerce.number().positive().optional(),
    /** Of the invented ticks. */
    seed: z.coerce.number().int().default(1),
    days: z.coerce.number().int().positive().default(10),
  })
  .superRefine(async (given, { addIssue }) => {
    try {
      const fault = await sizeFault(given);
      if (fault !== undefined) addIssue({ code: 'custom', path: ['size'], message: fault });
    } catch (error) {
      addIssue({ code: 'custom', path: ['config'], message: error instanceof Error ? error.message : String(error) });
    }
  });

/**
 * What is wrong with a size that no security of the data can be quoted with. One that only some cannot is left to `items`, as `--items` may
 * name the others. Here, because a grid has every combination go through the schema.
 */
async function sizeFault(given: Instead & { readonly config: string; readonly data?: string | undefined }): Promise<string | undefined> {
  const file = readTerms(given.config);
  if (given.size === undefined) return undefined;
  // Data that cannot be read are named by `items`.
  const names = await namesIn(given.data).catch(() => []);
  const faults = faultsOf(file, names, given);
  return faults.length === names.length ? faults[0] : undefined;
}

export default defineWorker({
  params,
  columns: Object.keys(types),
  types,
  // A child takes as long to start as a security of a day or two.
  defaults: { batchSize: 2 },

  items: async (given) => {
    const securities = await securitiesOf(given);
    const faults = faultsOf(readTerms(given.config), securities, given);
    const [fault] = faults;
    if (fault !== undefined)
      throw new UserError(`${faults.length} of ${securities.length} securities cannot be quoted: ${fault}`, {
        hint: 'or name the others with --items',
      });
    return securities;
  },

  setup: ({ params: given }) => readTerms(given.config),

  process: async (security: string, { params: given, state: file, key, artifact }) => {
    const terms = termsOf(file, security, given);
    const maker = new MarketMaker(terms);
    let ticks = 0;
    let first: number | undefined;
    let last: number | undefined;
    for await (const tick of ticksOf(given, security)) {
      ticks++;
      first ??= tick.time;
      last = tick.time;
      maker.tick(tick);
    }
    const { account, trades, skipped } = maker;
    // Of the key, which a grid makes longer: each combination has its own trades.
    await writeParquet(artifact(`${key}-trades.parquet`), trades, { columns: Object.keys(tradeTypes), types: tradeTypes });
    const unrealised = account.position === 0 ? 0 : account.unrealised(maker.middle);
    return {
      security,
      firstTime: first === undefined ? null : new Date(first),
      lastTime: last === undefined ? null : new Date(last),
      ticks,
      skipped,
      trades: trades.length,
      buys: trades.filter(({ side }) => side === 'buy').length,
      sells: trades.filter(({ side }) => side === 'sell').length,
      adverse: trades.filter(({ reason }) => reason !== 'queue').length,
      volume: rounded(account.volume * terms.lot),
      notional: rounded(account.notional),
      realised: rounded(account.realised),
      unrealised: rounded(unrealised),
      fees: rounded(account.fees),
      profit: rounded(account.realised + unrealised - account.fees),
      position: rounded(account.position * terms.lot),
      maxPosition: rounded(account.maxPosition * terms.lot),
    };
  },
});
