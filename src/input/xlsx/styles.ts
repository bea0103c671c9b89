import { parseAll } from './xml.ts';

/** Formats that every workbook has without saying so: dates and times, also those of East Asian versions. */
const BUILT_IN_DATES = [14, 22, 27, 36, 45, 47, 50, 58] as const;

/** Which styles of cells show a number as a date; by the number of the style. */
export async function readDateStyles(chunks: AsyncIterable<Uint8Array>): Promise<readonly boolean[]> {
  const custom = new Map<number, boolean>();
  const styles: boolean[] = [];
  let inCells = false;
  await parseAll(chunks, {
    open(name, attributes) {
      if (name === 'numFmt') custom.set(Number(attributes['numFmtId']), isDateFormat(attributes['formatCode'] ?? ''));
      if (name === 'cellXfs') inCells = true;
      if (name === 'xf' && inCells) {
        const format = Number(attributes['numFmtId'] ?? 0);
        styles.push(custom.get(format) ?? isBuiltInDate(format));
      }
    },
    close(name) {
      if (name === 'cellXfs') inCells = false;
    },
    text() {},
  });
  return styles;
}

function isBuiltInDate(format: number): boolean {
  for (let at = 0; at < BUILT_IN_DATES.length; at += 2) {
    if (format >= (BUILT_IN_DATES[at] ?? 0) && format <= (BUILT_IN_DATES[at + 1] ?? 0)) return true;
  }
  return false;
}

/**
 * Whether a format's code is one of dates: it has a letter of a day, month, year, hour or second outside of quotes, escapes and brackets
 * (`[Red]`, `[$-409]`). `[h]:mm` is a length of time and stays a number; so is `General`.
 */
export function isDateFormat(code: string): boolean {
  const positive = code.split(';', 1)[0] ?? '';
  const bare = positive.replace(/"[^"]*"|\\.|_.|\*./g, '');
  if (/\[(?:h+|m+|s+)\]/i.test(bare)) return false;
  return /[dmyhs]/i.test(bare.replace(/\[[^\]]*\]/g, '').replace(/general/gi, ''));
}
