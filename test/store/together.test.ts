import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { agreeOnColumns, forgetColumns, readAgreedColumns } from '../../src/store/agreed-columns.ts';
import { salvage } from '../../src/store/ledger.ts';
import { PartWriter } from '../../src/store/part-writer.ts';
import { newFolder } from './folder.ts';

const { name } = newFolder();

function folder(): string {
  const path = name();
  mkdirSync(path);
  return path;
}

test('rows of several items are salvaged all or not at all, wherever a kill has cut their line or their rows off', () => {
  const place = folder();
  const files = { part: join(place, 'a.csv'), ledger: join(place, 'a.ledger.ndjson') };
  const writer = new PartWriter(files);
  writer.append('1,x\n');
  writer.done(1, 'b', 1, 1);
  // More than the buffer holds, so that some of it is on disk before it is finished.
  const rows = Buffer.alloc(3 << 20, 'y\n');
  for (let at = 0; at < rows.length; at += 1 << 18) writer.appendBytes(rows.subarray(at, at + (1 << 18)));
  writer.done(4, 'e', rows.length / 2, 1, 3);
  const totals = writer.finish();
  expect(totals).toMatchObject({ items: 4, rows: 1 + rows.length / 2, bytes: 4 + rows.length, layout: 'plain' });
  const whole = salvage(files);
  expect(whole).toMatchObject({ items: 4, rows: totals.rows, bytes: totals.bytes, crc32: totals.crc32, groups: [[4, 7]] });
  expect(whole.spans).toEqual([
    [1, 2],
    [4, 7],
  ]);
  const ledger = readFileSync(files.ledger);
  const line = ledger.lastIndexOf('\n', ledger.length - 2) + 1;
  for (let length = line; length < ledger.length; length++) {
    writeFileSync(files.ledger, ledger.subarray(0, length));
    expect(salvage(files), `${length}`).toMatchObject({ items: 1, spans: [[1, 2]] });
    expect(salvage(files).groups).toBeUndefined();
  }
  writeFileSync(files.ledger, ledger);
  truncateSync(files.part, totals.bytes - 1);
  expect(salvage(files)).toMatchObject({ items: 1, spans: [[1, 2]] });
});

test('whoever is first says what the columns are; what a killed one has left does not count', () => {
  const place = folder();
  expect(readAgreedColumns(place)).toBeUndefined();
  writeFileSync(join(place, 'columns.json.1.tmp'), '{"version":1,"col');
  expect(agreeOnColumns(place, ['a', 'b'], 'x.csv')).toMatchObject({ columns: ['a', 'b'], file: 'x.csv' });
  expect(agreeOnColumns(place, ['b'], 'y.csv')).toMatchObject({ columns: ['a', 'b'], file: 'x.csv' });
  expect(readAgreedColumns(place)).toMatchObject({ columns: ['a', 'b'] });
  forgetColumns(place);
  expect(agreeOnColumns(place, ['b'], 'y.csv')).toMatchObject({ columns: ['b'] });
});
