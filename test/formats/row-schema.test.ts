import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type CheckRow, readRowSchema } from '../../src/formats/row-schema.ts';

async function checker(schema: object, texts = true): Promise<CheckRow> {
  const folder = mkdtempSync(join(tmpdir(), 'shardyard-schema-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 's.json'), JSON.stringify(schema));
  return readRowSchema(join(folder, 's.json'), { texts });
}

test('texts count as what they read as where the schema refuses them as texts, and only there', async () => {
  const number = { type: 'number' };
  const wide = await checker({
    properties: {
      'n/a': number,
      ok: { type: 'boolean' },
      sym: { type: 'string' },
      any: { anyOf: [{ type: 'boolean' }, { type: 'string', minLength: 2 }] },
      one: {
        oneOf: [
          { type: 'integer', maximum: 3 },
          { type: 'string', pattern: '^0' },
        ],
      },
      few: { enum: [1, 2, 'x'] },
    },
  });
  expect(wide({ 'n/a': '-1.5', ok: 'true', sym: '123', any: 'false', one: '2', few: '2' })).toBeUndefined();
  expect(wide({ any: '12', one: '007', few: 'x', sym: 'true' })).toBeUndefined();
  for (const text of ['007', '+1', '0x10', '', ' 1', 'NaN', '1,5'])
    expect(wide({ 'n/a': text })).toEqual({ path: '/n~1a', message: 'must be number' });
  expect(wide({ ok: '1' })).toMatchObject({ path: '/ok', message: 'must be boolean' });
  expect(wide({ few: '3' })).toMatchObject({ path: '/few' });

  // A branch that does not fit must not change the row for the next one.
  const branches = await checker({
    oneOf: [
      { properties: { kind: { const: 'a' }, value: number }, required: ['kind', 'value'] },
      { properties: { kind: { const: 'b' }, value: { type: 'string' } }, required: ['kind', 'value'] },
    ],
  });
  expect(branches({ kind: 'a', value: '5' })).toBeUndefined();
  expect(branches({ kind: 'b', value: '5' })).toBeUndefined();
  expect(branches({ kind: 'b', value: 'five' })).toBeUndefined();
  expect(branches({ kind: 'a', value: 'five' })).toBeDefined();

  // Where rows have types, a text is no number.
  expect((await checker({ properties: { n: number } }, false))({ n: '1' })).toEqual({ path: '/n', message: 'must be number' });
});
