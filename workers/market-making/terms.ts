import { readFileSync } from 'node:fs';
import { z } from 'zod';

const part = z.strictObject({
  /** The smallest size; sizes are rounded to it. */
  lot: z.number().positive(),
  /** What one unit of size is worth in units of the price: 1 for shares, more or less for contracts. */
  multiplier: z.number().positive(),
  /** What is offered on each side at a time. */
  quoteSize: z.number().positive(),
  /** The position never goes beyond it, long or short. */
  maxPosition: z.number().positive(),
  /** How long a side stays empty after it has been filled. */
  refillSeconds: z.number().nonnegative(),
  /** Nothing is offered at a level with less than this. */
  minLevel: z.number().nonnegative(),
  /** Of the value of each fill, in hundredths of a percent; below 0: a rebate. */
  feeBps: z.number(),
});

const schema = z.strictObject({ defaults: part, securities: z.record(z.string(), part.partial()).default({}) });

/** How one security is quoted. Sizes in its own units. */
export type Terms = Readonly<z.output<typeof part>>;
/** A file of them: what holds for all, and what differs by name. */
export type TermsFile = Readonly<z.output<typeof schema>>;

/** Reads a file of terms; an error names the field. */
export function readTerms(file: string): TermsFile {
  const parsed = schema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (!parsed.success) throw new Error(`${file}: ${z.prettifyError(parsed.error)}: mend it`);
  return parsed.data;
}

/** Those of one security: by its whole name, else by the longest beginning, such as `EURUSD*`. `refill` and `size` go before either. */
export function termsOf(
  { defaults, securities }: TermsFile,
  security: string,
  { refill, size }: { readonly refill?: number | undefined; readonly size?: number | undefined } = {},
): Terms {
  const beginnings = Object.keys(securities)
    .filter((name) => name.endsWith('*') && security.startsWith(name.slice(0, -1)))
    .toSorted((a, b) => b.length - a.length);
  const own = securities[security] ?? securities[beginnings[0] ?? ''] ?? {};
  const asked = { ...(refill === undefined ? {} : { refillSeconds: refill }), ...(size === undefined ? {} : { quoteSize: size }) };
  const given = part.parse({ ...defaults, ...own, ...asked });
  if (given.quoteSize < given.lot)
    throw new Error(`${security}: quoteSize ${given.quoteSize} is less than a lot of ${given.lot}: raise it`);
  return given;
}
