/** When to be in the market: a template with two numbers. */
export type Family = keyof typeof FAMILIES;

/** One strategy of the grid. */
export interface Strategy {
  /** Such as `rsi-reversal_14_30_both_stop2_trend`. */
  readonly id: string;
  readonly family: Family;
  /** Bars that it looks back on. */
  readonly lookback: number;
  /** The family's second number. */
  readonly setting: number;
  /** `long` never sells short. */
  readonly side: (typeof SIDES)[number];
  /** Distance of the trailing stop, in average true ranges; 0: none. */
  readonly stop: (typeof STOPS)[number];
  /** `trend`: enters only on the side of the 200-bar average that the price is on. */
  readonly filter: (typeof FILTERS)[number];
}

const SPANS = [5, 8, 10, 14, 20, 30, 40, 60, 80, 120, 200] as const;
const WIDTHS = [1, 1.5, 2, 2.5, 3] as const;

/** Eleven look-backs and five settings each. */
export const FAMILIES = {
  /** The short average above the long one; the setting is how many times longer that is. */
  'sma-cross': { lookback: [2, 3, 5, 8, 10, 12, 15, 20, 25, 30, 40], setting: [2, 3, 4, 6, 10] },
  /** The difference of two exponential averages (the second 26/12 as long) above its own average over `setting` bars. */
  'macd-cross': { lookback: [3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 40], setting: [5, 7, 9, 12, 18] },
  /** Buys what fell too fast, until the index is back at 50; the setting is the threshold (100 less it for shorts). */
  'rsi-reversal': { lookback: [2, 3, 4, 5, 6, 8, 10, 12, 14, 17, 21], setting: [15, 20, 25, 30, 35] },
  /** Buys below the lower band, until the price is back at the average; the setting is the band's width in deviations. */
  'bollinger-reversal': { lookback: SPANS, setting: WIDTHS },
  /** Buys a new high of the look-back, until there is a new low of `setting` times as many bars. */
  'donchian-breakout': { lookback: SPANS, setting: [0.2, 0.35, 0.5, 0.75, 1] },
  /** In the direction of the return over the look-back, looked at every `setting` bars. */
  momentum: { lookback: [5, 10, 20, 40, 60, 90, 120, 150, 180, 210, 250], setting: [1, 5, 10, 21, 42] },
  /** Buys above the upper channel, until the price is back at the average; the setting is the channel's width in average true ranges. */
  'keltner-breakout': { lookback: SPANS, setting: WIDTHS },
} as const;

const SIDES = ['long', 'both'] as const;
const STOPS = [0, 2, 4] as const;
const FILTERS = ['none', 'trend'] as const;

/** All 4,620: 7 families x 11 look-backs x 5 settings x 2 sides x 3 stops x 2 filters, by id, in this order. */
export const STRATEGIES: ReadonlyMap<string, Strategy> = new Map(every().map((strategy) => [strategy.id, strategy]));

function every(): readonly Strategy[] {
  const handlings = SIDES.flatMap((side) => STOPS.flatMap((stop) => FILTERS.map((filter) => ({ side, stop, filter }))));
  return families().flatMap(([family, numbers]) =>
    numbers.lookback.flatMap((lookback) =>
      numbers.setting.flatMap((setting) =>
        handlings.map(({ side, stop, filter }) => {
          const id = `${family}_${lookback}_${setting}_${side}_stop${stop}_${filter}`;
          return { id, family, lookback, setting, side, stop, filter };
        }),
      ),
    ),
  );
}

type Numbers = { readonly lookback: readonly number[]; readonly setting: readonly number[] };

/** With the names as what they are: `Object.entries` takes them for any text. */
function families(): readonly (readonly [Family, Numbers])[] {
  const isFamily = (name: string): name is Family => Object.hasOwn(FAMILIES, name);
  return Object.keys(FAMILIES)
    .filter(isFamily)
    .map((family) => [family, FAMILIES[family]] as const);
}
