import { describe, expect, test } from 'vitest';
import { Random } from '../support/random.ts';
import { Place } from './support.ts';

/** Items take differently long, so that they finish out of order; some give nothing, some several rows, some a stream. */
const worker = (columns: string): string => `
import { setTimeout as sleep } from 'node:timers/promises';
export default {
  ${columns}
  items: () => Array.from({ length: 17 }, (_, id) => ({ id, text: ['plain', 'a, "b"', 'two\\nlines', '', 'žluť 🐎'][id % 5] })),
  key: ({ id }) => id,
  async process({ id, text }) {
    await sleep((id * 7) % 5);
    const rows = Array.from({ length: id % 4 }, (_, row) => ({ id, row, text, ...(id === 9 ? { late: true } : {}) }));
    return id % 3 === 0 ? (async function* () { for (const row of rows) { await sleep(1); yield row; } })() : rows;
  },
};
`;
const DECLARED = "columns: ['id', 'row', 'text', 'late'],";

/** What these workers are to give, by hand. */
const ROWS = Array.from({ length: 17 }, (_, id) => ({ id, text: ['plain', '"a, ""b"""', '"two\nlines"', '', 'žluť 🐎'][id % 5] }))
  .flatMap(({ id, text }) => Array.from({ length: id % 4 }, (_, row) => `${id},${row},${text},${id === 9 ? 'true' : ''}\n`))
  .join('');

const SHAPES: readonly (readonly string[])[] = [
  ['-p', '1'],
  ['-p', '3', '--shards', '7', '--batch-size', '2'],
  ['-p', '1', '--concurrency', '8'],
  ['-p', '2', '--shards', '40', '--concurrency', '3'],
];

describe('P1: same bytes', () => {
  test.each([
    ['csv', ['declared.mjs', 'undeclared.mjs']],
    ['jsonl', ['undeclared.mjs']],
  ] as const)('for any shape, as %s', async (format, workers) => {
    const place = new Place({ 'declared.mjs': worker(DECLARED), 'undeclared.mjs': worker('') });
    const random = new Random(20261122);
    const shapes = [...SHAPES, ['-p', String(1 + random.int(0, 2)), '--shards', String(1 + random.int(0, 16)), '--batch-size', '3']];
    for (const [which, file] of workers.entries()) {
      const outputs: string[] = [];
      // Each worker sees some of the shapes, both of them the simplest.
      for (const [at, shape] of shapes.entries()) {
        if (at > 0 && at % 2 !== which) continue;
        const output = `${which}-${at}.${format}`;
        const args = ['run', file, ...shape, '--spares', '0', '--name', `r${which}-${at}`, '-o', output, '--progress', 'none'];
        expect(await place.shardyard(...args), shape.join(' ')).toMatchObject({ code: 0 });
        outputs.push(place.read(output));
      }
      expect(outputs.length).toBeGreaterThan(2);
      expect(new Set(outputs).size, 'different outputs').toBe(1);
      if (format === 'csv') expect(outputs[0]).toBe(`id,row,text,late\n${ROWS}`);
      else expect(outputs[0]?.split('\n').length).toBe(ROWS.replaceAll('two\n', '').split('\n').length);
    }
  });
});
