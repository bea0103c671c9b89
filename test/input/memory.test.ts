import { spawnSync } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { csvItems } from '../../src/input/csv.ts';
import { jsonLineItems } from '../../src/input/json-lines.ts';
import { textItems } from '../../src/input/text.ts';
import { temporaryFolder } from './files.ts';

const folder = temporaryFolder();
const MAIN = fileURLToPath(new URL('freeze-main.ts', import.meta.url));
const ROWS = 100_000;

/** A file of 50 MB or more. */
function bigFile(name: string, head: string, row: (at: number) => string): string {
  const file = join(folder, name);
  const descriptor = openSync(file, 'w');
  writeSync(descriptor, head);
  for (let at = 0; at < ROWS; at += 1000) writeSync(descriptor, Array.from({ length: 1000 }, (_, more) => row(at + more)).join(''));
  closeSync(descriptor);
  return file;
}

/** Number of items that a process froze whose heap is smaller than the file. */
function freezeInChild(spec: string, input?: string): number {
  const stdin = input === undefined ? 'ignore' : openSync(input, 'r');
  const child = spawnSync(process.execPath, ['--max-old-space-size=40', MAIN, spec, join(folder, 'frozen')], {
    stdio: [stdin, 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  if (typeof stdin === 'number') closeSync(stdin);
  expect(child.status).toBe(0);
  return Number(child.stdout);
}

const filler = 'é'.repeat(250);

describe('a list of 50 MB is never held as a whole', () => {
  test.each([
    ['items.jsonl', '', (at: number) => `{"id":${at},"text":"${filler}"}\n`],
    ['items.csv', 'id,text\n', (at: number) => `${at},"${filler}\n"\n`],
    ['items.txt', '', (at: number) => `${at} ${filler}\n`],
  ])('%s', (name, head, row) => {
    expect(freezeInChild(bigFile(name, head, row))).toBe(ROWS);
  });

  test('nor is stdin', () => {
    expect(freezeInChild('-', join(folder, 'items.txt'))).toBe(ROWS);
  });
});

async function* endless(head: string, line: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(head);
  for (;;) yield Buffer.from(line.repeat(100));
}

test.each([
  ['JSON lines', jsonLineItems, '', '{"a":"1"}\n'],
  ['CSV', csvItems, 'a\n', '"1"\n'],
  ['a text', textItems, '', '1\n'],
])('%s that never end can be read from', async (_, read, head, line) => {
  let items = 0;
  for await (const { place } of read(endless(head, line), 'endless')) {
    expect(place?.line).toBe(++items + (head === '' ? 0 : 1));
    if (items === 250) break;
  }
});
