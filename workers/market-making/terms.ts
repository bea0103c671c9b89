import { existsSync, readFileSync } from 'node:fs';
import { UnrecoverableError } from 'shardyard';
import { z } from 'zod';

const part = z.strictObject({
  /** The smallest size: all that is counted is a whole number of it. */
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

/** What goes before the terms of all securities. */
export interface Instead {
  readonly refill?: number | undefined;
  readonly size?: number | undefined;
}

/** Reads a file of terms; an error names the file and the field. */
export function readTerms(file: string): TermsFile {
  if (!existsSync(file)) throw new UnrecoverableError(`${file}: there is no such file: mend the path`);
  let read: unknown;
  try {
    read = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new UnrecoverableError(`${file}: ${error instanceof Error ? error.message : String(error)}: mend it`);
  }
  const parsed = schema.safeParse(read);
  if (!parsed.success) throw new UnrecoverableError(`${file}: ${z.prettifyError(parsed.error)}: mend it`);
  return parsed.data;
}

/** Those of one security: by its whole name, else by the longest beginning, such as `EURUSD*`. */
export function termsOf(file: TermsFile, security: string, instead: Instead = {}): Terms {
  const terms = chosen(file, security, instead);
  const fault = faultOf(terms, security);
  if (fault !== undefined) throw new UnrecoverableError(fault);
  return terms;
}

/** What is wrong with the terms of these securities: so is every item with such a name. */
export function faultsOf(file: TermsFile, securities: readonly string[], instead: Instead = {}): readonly string[] {
  return securities.flatMap((security) => faultOf(chosen(file, security, instead), security) ?? []);
}

function chosen({ defaults, securities }: TermsFile, security: string, { refill, size }: Instead): Terms {
  const beginnings = Object.keys(securities)
    .filter((name) => name.endsWith('*') && security.startsWith(name.slice(0, -1)))
    .toSorted((a, b) => b.length - a.length);
  const own = securities[security] ?? securities[beginnings[0] ?? ''] ?? {};
  const asked = { ...(refill === undefined ? {} : { refillSeconds: refill }), ...(size === undefined ? {} : { quoteSize: size }) };
  return part.parse({ ...defaults, ...own, ...asked });
}

function faultOf({ quoteSize, lot }: Terms, security: string): string | undefined {
  return quoteSize < lot ? `${security}: quoteSize ${quoteSize} is less than a lot of ${lot}: raise it` : undefined;
}
