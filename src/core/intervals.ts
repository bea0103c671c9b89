/** A half-open range of positions, `[start, end)`. */
export type Span = readonly [start: number, end: number];
