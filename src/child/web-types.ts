/*
 * Whether a value is what `fetch` gives, without naming its classes: Node loads the whole of its HTTP client (75 ms of CPU) at the first
 * mention of them, in children that may never call `fetch`.
 */

export const isResponse = (value: unknown): value is Response => tagOf(value) === 'Response';
export const isHeaders = (value: unknown): value is Headers => tagOf(value) === 'Headers';

function tagOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, Symbol.toStringTag) : undefined;
}
