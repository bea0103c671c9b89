import { UserError } from '../core/errors.ts';

/** Only digits, signs and separators around a colon: meant as a range. `NASDAQ:AAPL` is a word. */
const LOOKS_LIKE_RANGE = /^[-+\d._\s]*:[-+\d._:\s]*$/;
const RANGE = /^(-?\d+):(-?\d+)$/;

/** `0:4620` as a half-open range of integers, or `undefined` for what is no range at all; a wrong range is a UserError. */
export function parseRange(spec: string): { kind: 'range'; start: number; end: number } | undefined {
  if (!LOOKS_LIKE_RANGE.test(spec)) return undefined;
  const [, from, to] = RANGE.exec(spec) ?? [];
  const [start, end] = [Number(from), Number(to)];
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end)) {
    throw new UserError(`"${spec}" is not a range`, { hint: 'write two whole numbers, such as 0:4620 for 0 to 4619' });
  }
  if (start >= end) {
    const what = start === end ? 'is empty' : 'runs backwards';
    throw new UserError(`the range ${spec} ${what}`, { hint: 'the end is not included: write 0:4620 for 0 to 4619' });
  }
  return { kind: 'range', start, end };
}
