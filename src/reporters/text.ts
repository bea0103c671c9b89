import { stripVTControlCharacters } from 'node:util';

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;
/** Rather too many than too few: a line that is taken for wider than it is stays on one row all the same. */
const WIDE =
  /[\p{Emoji_Presentation}\ufe0f\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{17000}-\u{18dff}\u{1b000}-\u{1b2ff}\u{1f200}-\u{1f2ff}\u{20000}-\u{3fffd}]/u;
const INVISIBLE = /^[\p{M}\p{Cf}]+$/u;
/** What could move the cursor, forge a line or turn the direction of the text: controls, line separators, lone surrogates, overrides. */
const UNSAFE = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu;
const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Columns that a text takes up in a terminal; colours take none. */
export function widthOf(text: string): number {
  const plain = stripVTControlCharacters(text);
  if (PRINTABLE_ASCII.test(plain)) return plain.length;
  let width = 0;
  for (const { segment } of graphemes.segment(plain)) width += graphemeWidth(segment);
  return width;
}

const graphemeWidth = (grapheme: string): number => (INVISIBLE.test(grapheme) ? 0 : WIDE.test(grapheme) ? 2 : 1);

/** Somebody else's text, safe to print: on one line, every control character written out as `\n` or `\x1b`. */
export function escapeText(text: string): string {
  return text.replace(UNSAFE, (char) => NAMED[char] ?? written(char.charCodeAt(0)));
}

function written(code: number): string {
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}

/** Somebody else's text, safe to print and at most `width` columns wide; what is cut off leaves a `…`. */
export function shown(text: string, width: number): string {
  // Cut first: a key may be megabytes long.
  const start = text.slice(0, width * 8 + 8);
  return cut(escapeText(start), width, start.length < text.length);
}

/** A text without colours at most `width` columns wide. */
export function cut(text: string, width: number, alreadyCut = false): string {
  let used = 0;
  let end = 0;
  for (const { segment, index } of graphemes.segment(text)) {
    const next = used + graphemeWidth(segment);
    if (next > width) return width < 1 ? '' : `${text.slice(0, end)}…`;
    used = next;
    if (used <= width - 1) end = index + segment.length;
  }
  return alreadyCut && width >= 1 ? `${text.slice(0, end)}…` : text;
}

/** Pads a possibly coloured text with spaces to `width` columns. */
export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

/** As `padEnd`, with the spaces in front. */
export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - widthOf(text))) + text;
}

/** Breaks a text into lines of at most `width` columns, at spaces where there are any. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((long) => pieces(long, width))) {
    if (line !== '' && widthOf(line) + 1 + widthOf(word) > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** A word in pieces of at most `width` columns. */
function pieces(word: string, width: number): string[] {
  if (widthOf(word) <= width) return [word];
  const found: string[] = [];
  let piece = '';
  let used = 0;
  for (const { segment } of graphemes.segment(word)) {
    const next = graphemeWidth(segment);
    if (used + next > width && piece !== '') {
      found.push(piece);
      piece = '';
      used = 0;
    }
    piece += segment;
    used += next;
  }
  return [...found, piece];
}
