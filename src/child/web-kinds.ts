// Node loads its whole client for HTTP, which blocks a child for 50 ms and more, when a program first names one of these classes. Who never
// called `fetch` has none of their objects.

/** Whether this is an answer of `fetch`, of Node or of a library. */
export const isResponse = (value: unknown): value is Response => Object.prototype.toString.call(value) === '[object Response]';

/** Whether these are headers of such an answer. */
export const isHeaders = (value: unknown): value is Headers => Object.prototype.toString.call(value) === '[object Headers]';
