import type { Row } from '../core/worker.ts';

/** The row as an object whose own keys are the columns. Throws for what is no row, such as a string, an array or a Promise. */
export function asRow(value: unknown): Row {
  if (typeof value === 'object' && value !== null) {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) return value as Row;
    // An instance of the user's own class: its fields are the row, whatever its class would inherit or serialize to.
    if (tagOf(value) === 'Object') return { ...value };
  }
  throw new Error(`a row must be an object such as { name: value }, not ${kindOf(value)}`);
}

/** The error for a row's key that has no column. */
export function unknownColumn(key: string, columns: readonly string[]): Error {
  return new Error(`column ${JSON.stringify(key)} is not in the worker's columns (${columns.join(', ')})`);
}

/** What a value is, for a message: `an array`, `a Promise`, `null`, `a string`. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  const kind = typeof value === 'object' ? tagOf(value) : typeof value;
  const name = kind === 'Array' || kind === 'Object' ? kind.toLowerCase() : kind;
  return `${/^[aeio]/i.test(name) ? 'an' : 'a'} ${name}`;
}

/** `Object` for plain objects and instances of most classes; `Date`, `Map`, `Promise` … for what the language brings along. */
function tagOf(value: object): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}
