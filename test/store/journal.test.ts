import { execFileSync } from 'node:child_process';
import { appendFileSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RunEvent } from '../../src/core/events.ts';
import { formatLine, Journal, parseLine, readJournal } from '../../src/store/journal.ts';
import { newFolder } from './folder.ts';

const folder = newFolder();

const id = { shard: fc.nat(), batch: fc.nat(), attempt: fc.nat() };
const at = fc.nat();
const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('a\nb', ',"crc32":1}', '\u2028', '\ud800', '\0', '"'));
const event: fc.Arbitrary<RunEvent> = fc.oneof(
  fc.record({ at, type: fc.constant('warned' as const), message: text }),
  fc.record({ at, type: fc.constant('owed' as const), spans: fc.array(fc.tuple(fc.nat(), fc.nat())) }),
  fc.record({
    at,
    type: fc.constant('child-ready' as const),
    child: fc.nat(),
    setupMs: fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 }),
  }),
  fc.record({
    at,
    type: fc.constant('tried' as const),
    ...id,
    index: fc.nat(),
    key: text,
    tries: fc.nat(),
    cause: fc.constant('exit' as const),
    message: text,
  }),
);
const events = fc.array(event, { maxLength: 20 });

function read(file: string): { events: RunEvent[]; length: number } {
  const found: RunEvent[] = [];
  const length = readJournal(file, (one) => found.push(one));
  return { events: found, length };
}

function written(all: readonly RunEvent[]): string {
  const file = folder.name('.ndjson');
  const journal = new Journal(file, 0);
  for (const one of all) journal.append(one);
  journal.close();
  return file;
}

describe('a line of the journal', () => {
  test('is read back, and is one line whatever it says', () => {
    fc.assert(
      fc.property(event, (one) => {
        const line = formatLine(one);
        expect(line.indexOf('\n')).toBe(line.length - 1);
        expect(parseLine(line.slice(0, -1))).toEqual(JSON.parse(JSON.stringify(one)));
      }),
    );
  });

  test('is refused when a single character of it is another one', () => {
    fc.assert(
      fc.property(event, fc.nat(), fc.integer({ min: 32, max: 126 }), (one, where, code) => {
        const line = formatLine(one).slice(0, -1);
        const position = where % line.length;
        const other = `${line.slice(0, position)}${String.fromCharCode(code)}${line.slice(position + 1)}`;
        if (other === line) return;
        // `01` is no other number than `1`.
        expect(parseLine(other)).toBeUndefined();
      }),
    );
  });
});

describe('a journal', () => {
  test('is read back as it was written, however many lines and however long', () => {
    fc.assert(
      fc.property(events, (all) => {
        const file = written(all);
        expect(read(file)).toEqual({ events: JSON.parse(JSON.stringify(all)), length: statSync(file).size });
      }),
      { numRuns: 50 },
    );
    const long = Array.from({ length: 40 }, (_, n): RunEvent => ({ at: n, type: 'warned', message: `${n}${'ü'.repeat(100_000 + n)}` }));
    expect(read(written(long)).events).toEqual(long);
  });

  test('wherever its end is torn: what is in front of it counts, and the next session cuts the rest off', () => {
    const all: RunEvent[] = [
      { at: 1, type: 'warned', message: 'one' },
      { at: 2, type: 'warned', message: 'zwei ü' },
      { at: 3, type: 'warned', message: 'three' },
    ];
    const size = statSync(written(all)).size;
    const ends = [0];
    for (const one of all) ends.push((ends.at(-1) ?? 0) + Buffer.byteLength(formatLine(one)));
    for (let length = 0; length <= size; length++) {
      const file = written(all);
      truncateSync(file, length);
      const whole = ends.findLastIndex((end) => end <= length);
      expect(read(file)).toEqual({ events: all.slice(0, whole), length: ends[whole] });
      const journal = new Journal(file, ends[whole] ?? 0);
      journal.append({ at: 9, type: 'warned', message: 'next' });
      journal.close();
      expect(read(file).events).toEqual([...all.slice(0, whole), { at: 9, type: 'warned', message: 'next' }]);
    }
  });

  test.each([
    ['half a line and its newline', '{"at":4,"type":"war\n'],
    ['zeros', '\0'.repeat(4096)],
    ['a line without its checksum', '{"at":4,"type":"warned","message":"x"}\n'],
  ])('torn at its end by %s: left out', (_, end) => {
    const file = written([{ at: 1, type: 'warned', message: 'one' }]);
    const { size } = statSync(file);
    appendFileSync(file, end);
    expect(read(file)).toEqual({ events: [{ at: 1, type: 'warned', message: 'one' }], length: size });
  });

  test('damaged before its end: an error that names the line', () => {
    const file = written([1, 2, 3].map((n): RunEvent => ({ at: n, type: 'warned', message: `number ${n}` })));
    writeFileSync(file, readFileSync(file, 'utf8').replace('number 2', 'number 7'));
    const wrong = expect.objectContaining({ name: 'UserError', place: { file, line: 2 }, hint: expect.stringContaining('backup') });
    expect(() => read(file)).toThrow(wrong);
    // Also where only half a line follows.
    truncateSync(file, statSync(file).size - 10);
    expect(() => read(file)).toThrow(wrong);
  });

  test('a line that does not fit on the disk is taken back, and the journal stays good', () => {
    const file = folder.name('.ndjson');
    const script = join(import.meta.dirname, 'journal-full.ts');
    const output = execFileSync('bash', ['-c', 'ulimit -f 8; exec "$@"', 'bash', process.execPath, script, file], { encoding: 'utf8' });
    const { appended, refused, size } = JSON.parse(output) as { appended: number; refused: string[]; size: number };
    expect(refused).toEqual(['EFBIG', 'EFBIG']);
    expect(appended).toBe(8);
    const found = read(file);
    expect(found.length).toBe(size);
    expect(statSync(file).size).toBe(size);
    expect(found.events).toHaveLength(appended + 1);
    expect(found.events.at(-1)).toEqual({ at: appended, type: 'warned', message: 'short' });
  });

  test('is durable once it says so: as many syncs as it takes, and no more at a time than one', async () => {
    const file = folder.name('.ndjson');
    const journal = new Journal(file, 0);
    const all: Promise<void>[] = [];
    for (let n = 0; n < 50; n++) {
      journal.append({ at: n, type: 'warned', message: 'x' });
      all.push(journal.synced());
    }
    await Promise.all(all);
    journal.close();
    expect(read(file).events).toHaveLength(50);
  });
});
