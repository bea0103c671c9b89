import { UserError } from './errors.ts';

/** A column to sort by. */
export interface SortKey {
  readonly column: string;
  readonly descending: boolean;
}

/** What is asked of the rows of an output beside being there. As given: names, `name:desc`, a file. */
export interface Arrangement {
  /** No two rows may have the same values in these columns. */
  readonly unique?: readonly string[];
  /** By these columns the rows are sorted, `name` or `name:desc`. */
  readonly sort?: readonly string[];
  /** The JSON Schema that every row must fit. */
  readonly validate?: string;
}

/** Only what is there of the three; later ones win. */
export function arrangementOf(...given: readonly Arrangement[]): Arrangement {
  return given.reduce<Arrangement>(
    (sum, { unique, sort, validate }) => ({
      ...sum,
      ...(unique && { unique }),
      ...(sort && { sort }),
      ...(validate !== undefined && { validate }),
    }),
    {},
  );
}

/** `date:desc` → the column `date`, the greatest first. Throws a `UserError` where a column is there twice, and for another direction. */
export function sortKeys(given: readonly string[]): readonly SortKey[] {
  const keys = given.map((text): SortKey => {
    const match = /^(.+):([^:]*)$/.exec(text);
    const [, column = text, direction = 'asc'] = match ?? [];
    if (direction !== 'asc' && direction !== 'desc')
      throw new UserError(`--sort ${text}: there is no direction ${JSON.stringify(direction)}`, {
        hint: `give ${column}:asc or ${column}:desc; a column whose name has a colon needs one of them behind it`,
      });
    return { column, descending: direction === 'desc' };
  });
  const twice = keys.find(({ column }, at) => keys.findIndex((key) => key.column === column) < at);
  if (twice)
    throw new UserError(`sorted by ${JSON.stringify(twice.column)} twice`, { hint: 'name each column once, such as symbol,date:desc' });
  return keys;
}
