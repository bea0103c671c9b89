import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jsonFault } from '../../src/input/json-fault.ts';
import { complaint, fileWith, itemsOf, temporaryFolder } from './files.ts';

const folder = temporaryFolder();
const read = (content: string, extension: string): Promise<unknown[]> => itemsOf(fileWith(folder, content, extension));
const refused = async (content: string, extension: string): Promise<string> =>
  (await complaint(folder, () => read(content, extension))).replace(/^items-\d+\.\w+/, '');

describe('.json', () => {
  test('the elements of an array', async () => {
    expect(await read('\uFEFF [1, "a", {"b": [null]}]\r\n', '.json')).toEqual([1, 'a', { b: [null] }]);
  });

  test.each([
    ['[1,\n 2,,3]', ':2:4: not JSON: a value expected'],
    ['[{"a": 1,\r\n  b: 2}]', ':2:3: not JSON: a name in double quotes expected'],
    ['[1, 2', ':1:6: not JSON: the text ends too early'],
    ['', ':1:1: not JSON: the text ends too early'],
    ['[] x', ':1:4: not JSON: something follows the value'],
    ['["ä😀", x]', ':1:9: not JSON: a value expected'],
    ['{"a": 1}', ': holds an object, not an array'],
    ['"abc"', ': holds a single value ("abc"), not an array'],
    ['null', ': holds a single value (null), not an array'],
  ])('%j is refused', async (content, message) => expect(await refused(content, '.json')).toContain(message));
});

describe.each(['.jsonl', '.ndjson'])('%s', (extension) => {
  test('a value a line', async () => {
    expect(await read('{"a":1}\r\n\n  \n"x"\n[2]\n null', extension)).toEqual([{ a: 1 }, 'x', [2], null]);
  });

  test.each([
    ['1\n\n{"a" 2}\n', ':3:6: not JSON: : expected'],
    ['1\n{"a":\n2}\n', ':2:6: not JSON: the text ends too early'],
    ['01\n', ':1:1: not JSON: a value expected'],
    ['"a\tb"\n', ':1:3: not JSON: a control character'],
    ['["\\x"]\n', ':1:3: not JSON: an unknown escape'],
    ['"abc\n', ':1:5: not JSON: the text ends inside a string'],
    ['[1 2]\n', ':1:4: not JSON: , or ] expected'],
    ['{"a":1 2}\n', ':1:8: not JSON: , or } expected'],
    ['NaN\n', ':1:1: not JSON: a value expected'],
  ])('%j is refused', async (content, message) => expect(await refused(content, extension)).toContain(message));
});

test('a fault is found at a place where the text before it could still have become JSON', () => {
  const damagedJson = fc
    .tuple(fc.json({ noUnicodeString: false }), fc.nat(), fc.nat(3), fc.string({ maxLength: 3 }))
    .map(([text, at, cut, put]) => text.slice(0, at % (text.length + 1)) + put + text.slice((at % (text.length + 1)) + cut));
  let faults = 0;
  fc.assert(
    fc.property(damagedJson, (text) => {
      try {
        JSON.parse(text);
        return;
      } catch {
        faults++;
      }
      const { offset, what } = jsonFault(text);
      expect(offset).toBeLessThanOrEqual(text.length);
      expect(what).not.toBe('');
      // V8's own position, in the messages that have one, is within the token in which ours begins.
      const theirs = v8Position(text);
      if (theirs !== undefined) expect(offset).toBeLessThanOrEqual(theirs);
      // What is before the fault, alone, ends too early rather than being wrong.
      expect(jsonFault(text.slice(0, offset)).offset).toBe(offset);
    }),
    { numRuns: 3000 },
  );
  expect(faults).toBeGreaterThan(1000);
});

function v8Position(text: string): number | undefined {
  try {
    JSON.parse(text);
  } catch (error) {
    const position = /at position (\d+)/.exec(String(error))?.[1];
    return position === undefined ? undefined : Number(position);
  }
  return undefined;
}
