const INTEGER = /^(?:0|-?[1-9]\d*)$/;
const DECIMAL = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?$/i;
/** So many digits survive in a double, whatever they are. */
const SAFE_DIGITS = 15;

/** Whether a text of CSV reads as a whole number. One that nobody would write so (007, +1, 0x10) is a text. */
export const readsAsInteger = (text: string): boolean => INTEGER.test(text);

/** Whether it reads as a number that a double holds. */
export const readsAsDouble = (text: string): boolean => DECIMAL.test(text) && isExact(text);

/** The number or boolean that a text of CSV reads as, else the text. */
export function readText(text: string): string | number | boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  return readsAsInteger(text) || readsAsDouble(text) ? Number(text) : text;
}

/** Whether a double holds what the text says; only zeros at its end get lost. */
function isExact(text: string): boolean {
  const digits = text.replace(/e.*$/i, '').replace(/^-?0*\.?0*|\./g, '');
  return (digits.length <= SAFE_DIGITS || String(Number(text)) === text) && Number.isFinite(Number(text));
}
