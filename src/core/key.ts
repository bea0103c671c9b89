/**
 * JSON with the keys of every object sorted, so that equal values give equal text whatever the order in which their fields
 * were written. What JSON changes (a Date, NaN, a missing field) is changed here too.
 *
 * @throws TypeError for what JSON cannot hold: undefined, a function, a symbol, a bigint. RangeError for a cycle.
 */
export function canonicalJson(value: unknown): string {
  const text = sortedJson(value);
  if (text === undefined) throw new TypeError(`JSON cannot hold ${typeof value}`);
  return text;
}

/** What identifies an item that nobody gave a key: a string itself, anything else its canonical JSON. */
export function defaultKey(item: unknown): string {
  return typeof item === 'string' ? item : canonicalJson(item);
}

/** `undefined` for what JSON leaves out. Text is built up by hand because an object rebuilt in sorted order would lose `__proto__`. */
function sortedJson(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  let text = '';
  if (Array.isArray(value)) {
    for (const element of value) text += `${text && ','}${sortedJson(element) ?? 'null'}`;
    return `[${text}]`;
  }
  if (!isPlain(value)) return sortedJson(JSON.parse(JSON.stringify(value)));
  const fields: Readonly<Record<string, unknown>> = value;
  for (const name of Object.keys(fields).toSorted()) {
    const field = sortedJson(fields[name]);
    if (field !== undefined) text += `${text && ','}${JSON.stringify(name)}:${field}`;
  }
  return `{${text}}`;
}

/** Whether JSON takes the fields of an object as they are; dates, boxed primitives and all other classes are left to JSON itself. */
function isPlain(value: object): value is Readonly<Record<string, unknown>> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && !('toJSON' in value && typeof value.toJSON === 'function');
}
