import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readSources } from './source.ts';

const sources = readSources();

/** Past this, look for the second idea. */
const LONGEST = 250;

test(`no file has more than ${LONGEST} lines`, () => {
  const long = sources.filter(({ lines }) => lines > LONGEST).map(({ file, lines }) => ({ file, lines }));
  expect(long).toEqual([]);
});

test('the whole of src can be read in an afternoon: half of the files have at most 80 lines', () => {
  const lengths = sources.map(({ lines }) => lines).toSorted((a, b) => a - b);
  expect(lengths[Math.floor(lengths.length / 2)]).toBeLessThanOrEqual(80);
});

test('no any, except where a worker’s types are erased', () => {
  expect(sources.filter(({ nodes }) => nodes.has('TSAnyKeyword')).map(({ file }) => file)).toEqual(['src/core/worker.ts']);
});

test('a rule of the linter is switched off with a reason', () => {
  const bare: string[] = [];
  for (const { file } of sources) {
    const text = readFileSync(join(import.meta.dirname, '../..', file), 'utf8');
    for (const [line] of text.matchAll(/^.*(?:oxlint|eslint)-disable.*$/gm)) if (!/ -- \S/.test(line)) bare.push(`${file}: ${line.trim()}`);
    for (const [line] of text.matchAll(/^.*@ts-(?:ignore|nocheck|expect-error).*$/gm)) bare.push(`${file}: ${line.trim()}`);
  }
  expect(bare).toEqual([]);
});
