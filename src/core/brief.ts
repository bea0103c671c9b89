/** The beginning of a text, at most `length` characters; what is cut off leaves a `…`. */
export function brief(text: string, length: number): string {
  if (text.length <= length) return text;
  const start = text.slice(0, length - 1).replace(/[\ud800-\udbff]$/, '');
  // Not `+`: V8 keeps the whole text in memory for as long as a slice of it lives, also within a sum.
  return [start, '…'].join('');
}
