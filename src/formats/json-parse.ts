import { UserError } from '../core/errors.ts';
import type { Row } from '../core/worker.ts';
import { asRow } from './row.ts';

/** A number that may be whole and more than a double holds. What may stand before a number keeps fractions out, which a double wrote. */
const LONG_INTEGER = /[:,[\s-]\d{16}/;

/**
 * The row in a line of NDJSON. Whole numbers beyond 2^53 become bigints, so that no digit is lost.
 * Throws a `UserError` (exit 4, the parts do not verify) where the line is not JSON or no object; `line` counts from 1.
 */
export function parseRow(text: string, line: number): Row {
  try {
    return asRow(LONG_INTEGER.test(text) ? JSON.parse(text, exact) : JSON.parse(text));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new UserError(`row ${line} is not a JSON object: ${message}`, { exitCode: 4, cause: error });
  }
}

function exact(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const source = context?.source ?? '';
  return /^-?\d+$/.test(source) ? BigInt(source) : value;
}
