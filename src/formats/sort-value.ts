import { csvText } from './csv-row.ts';

/** A value as rows are sorted by it. The lower rank comes first, whatever the direction. */
export interface SortValue {
  /** 0: a value; 1: NaN; 2: nothing. */
  readonly rank: 0 | 1 | 2;
  /** Where the text reads as a number. */
  readonly number: number | bigint | null;
  readonly text: string;
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const INTEGER = /^[+-]?\d+$/;
const NOTHING: SortValue = { rank: 2, number: null, text: '' };

/** What a value is sorted by. A text that reads as a number counts as one, so that rows have one order, whatever format their parts have. */
export function sortValue(value: unknown, column: string): SortValue {
  const text = csvText(value, column);
  if (text === '') return NOTHING;
  if (text === 'NaN') return { rank: 1, number: 0, text };
  return { rank: 0, number: typeof value === 'number' ? value : numberIn(text), text };
}

function numberIn(text: string): number | bigint | null {
  if (INTEGER.test(text)) {
    const number = Number(text);
    if (Number.isSafeInteger(number)) return number;
    const exact = BigInt(text.replace(/^\+/, ''));
    return exact === BigInt.asIntN(64, exact) ? exact : number;
  }
  if (NUMBER.test(text)) return Number(text);
  return text === 'Infinity' ? Infinity : text === '-Infinity' ? -Infinity : null;
}
