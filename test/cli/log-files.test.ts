import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LineSplitter } from '../../src/commands/line-splitter.ts';
import { LogReader, findLogs } from '../../src/commands/log-files.ts';
import { folder } from './support.ts';

async function readOn(reader: LogReader): Promise<string[]> {
  const read: Buffer[] = [];
  for await (const lines of reader.lines()) read.push(...lines);
  return read.map(String);
}

describe('lines', () => {
  test('are whole, however the chunks fall', () => {
    const text = fc.array(fc.constantFrom('a', 'é', '日', '😀', '\n', '\r', ' '), { maxLength: 60 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, fc.array(fc.nat(200), { maxLength: 8 }), (whole, cuts) => {
        const bytes = Buffer.from(whole);
        const borders = [0, ...cuts.filter((cut) => cut <= bytes.length).toSorted((a, b) => a - b), bytes.length];
        const splitter = new LineSplitter();
        const lines = borders.slice(1).flatMap((end, index) => splitter.push(bytes.subarray(borders[index], end)));
        expect(lines.every((line) => line.indexOf('\n') === line.length - 1)).toBe(true);
        expect(Buffer.concat([...lines, ...splitter.end()]).toString()).toBe(whole === '' || whole.endsWith('\n') ? whole : `${whole}\n`);
        expect(splitter.end()).toEqual([]);
      }),
    );
  });

  test('do not change when the buffer they were read into does', () => {
    const splitter = new LineSplitter();
    const chunk = Buffer.from('one\ntw');
    const [one] = splitter.push(chunk);
    chunk.fill('x');
    expect([String(one), ...splitter.push(Buffer.from('o\n')).map(String)]).toEqual(['one\n', 'two\n']);
  });

  test('that never end are cut, to keep memory bounded', () => {
    const splitter = new LineSplitter();
    const lines = Array.from({ length: 40 }, () => splitter.push(Buffer.alloc(1 << 16, 'x'))).flat();
    expect(lines.map(({ length }) => length)).toEqual([(1 << 20) + 1, (1 << 20) + 1]);
  });
});

describe('logs', () => {
  test('are read on from where they were, characters and lines whole', async () => {
    const path = join(folder(), 'shard-00000.log');
    const reader = new LogReader(path);
    expect(await readOn(reader)).toEqual([]);
    const bytes = Buffer.from('a 😀\nb');
    writeFileSync(path, bytes.subarray(0, 4));
    expect(await readOn(reader)).toEqual([]);
    appendFileSync(path, bytes.subarray(4));
    expect(await readOn(reader)).toEqual(['a 😀\n']);
    appendFileSync(path, 'c\n\nd');
    expect(await readOn(reader)).toEqual(['bc\n', '\n']);
    expect(reader.rest().map(String)).toEqual(['d\n']);
    rmSync(path);
    expect(await readOn(reader)).toEqual([]);
  });

  test('longer than a chunk are read whole', async () => {
    const lines = Array.from({ length: 20_000 }, (_, at) => `line ${at} é\n`);
    const dir = folder({ 'shard-00000.log': lines.join('') });
    expect(await readOn(new LogReader(join(dir, 'shard-00000.log')))).toEqual(lines);
  });

  test('of a shard are its own and those of its batches that were taken over', async () => {
    const names = [
      'shard-00010.log',
      'shard-00002.batch-00011.log',
      'shard-00002.log',
      'shard-00002.batch-00009.log',
      'shard-00003.log',
      'planning.log',
      'shard-2.log.gz',
    ];
    const dir = folder(Object.fromEntries(names.map((name) => [name, ''])));
    const found = await findLogs(dir, (shard) => shard !== 3);
    expect(found).toEqual([
      { path: join(dir, 'shard-00002.log'), shard: 2 },
      { path: join(dir, 'shard-00002.batch-00009.log'), shard: 2 },
      { path: join(dir, 'shard-00002.batch-00011.log'), shard: 2 },
      { path: join(dir, 'shard-00010.log'), shard: 10 },
    ]);
    expect(await findLogs(join(dir, 'gone'), () => true)).toEqual([]);
  });
});
