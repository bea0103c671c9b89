import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut, escapeText, padStart, shown, widthOf, wrap } from '../../src/reporters/text.ts';

const anyText = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }));

describe('escapeText', () => {
  it('writes control characters out', () => {
    expect(escapeText('a\nb\tc\r\x1b[31m\x00\x9b')).toBe('a\\nb\\tc\\r\\x1b[31m\\x00\\x9b');
  });

  it('writes out what turns text around or breaks lines', () => {
    expect(escapeText('a\u202eb\u2028c\u2066\ud800')).toBe('a\\u{202e}b\\u{2028}c\\u{2066}\\u{d800}');
  });

  it('leaves ordinary text of any script alone', () => {
    for (const text of ['Grüße', '東京', '👨‍👩‍👧', 'שלום', 'नमस्ते']) expect(escapeText(text)).toBe(text);
  });
});

describe('widthOf', () => {
  it.each([
    ['abc', 3],
    ['東京', 4],
    ['é', 1],
    ['e\u0301', 1],
    ['👨‍👩‍👧', 2],
    ['🇩🇪', 2],
    ['\u200b', 0],
    ['\x1b[31mred\x1b[39m', 3],
    ['█░…', 3],
  ])('%s', (text, width) => {
    expect(widthOf(text)).toBe(width);
  });
});

describe('shown', () => {
  it('cuts what is too long and leaves what fits', () => {
    expect(shown('abcdef', 6)).toBe('abcdef');
    expect(shown('abcdefg', 6)).toBe('abcde…');
    expect(shown('東京証券', 6)).toBe('東京…');
    expect(shown('abc', 0)).toBe('');
  });

  it('says so even if it looked only at the beginning', () => {
    expect(shown('\u0301'.repeat(10_000), 5)).toMatch(/…$/);
  });

  it('never is wider than allowed, never holds a control character', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 0, max: 40 }), (text, width) => {
        const safe = shown(text, width);
        expect(widthOf(safe)).toBeLessThanOrEqual(width);
        expect(safe).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
      }),
    );
  });

  it('is quick with a key of 10 MB', () => {
    expect(shown('x'.repeat(10_000_000), 10)).toBe('xxxxxxxxx…');
  });
});

describe('wrap', () => {
  it('breaks at spaces, and long words anywhere', () => {
    expect(wrap('one two three', 8)).toEqual(['one two', 'three']);
    expect(wrap('abcdefghij', 4)).toEqual(['abcd', 'efgh', 'ij']);
    expect(wrap('', 4)).toEqual(['']);
  });

  it('keeps every line within the width', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii' }), fc.integer({ min: 1, max: 30 }), (text, width) => {
        const lines = wrap(text, width);
        for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(width);
        expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
      }),
    );
  });
});

describe('cut and pad', () => {
  it('count columns, not characters', () => {
    expect(cut('東京', 3)).toBe('東…');
    expect(padStart('東京', 6)).toBe('  東京');
  });
});
