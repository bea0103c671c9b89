/** What a column of a typed output holds. `json`: any value, as JSON text. */
export type ColumnType = (typeof COLUMN_TYPES)[number];

/** Column name to type. */
export type ColumnTypes = Readonly<Record<string, ColumnType>>;

/** All types, in the order of the documentation. */
export const COLUMN_TYPES = ['string', 'boolean', 'int32', 'int64', 'float', 'double', 'date', 'timestamp', 'json'] as const;

/** Whether a word names a type. */
export const isColumnType = (word: unknown): word is ColumnType => COLUMN_TYPES.some((type) => type === word);
