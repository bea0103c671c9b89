import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** A folder for the files of one test file; gives new names in it, and is gone afterwards. */
export function newFolder(): { readonly path: string; name(end?: string): string } {
  const path = mkdtempSync(join(tmpdir(), 'shardyard-store-'));
  let count = 0;
  afterAll(() => rmSync(path, { recursive: true, force: true }));
  return { path, name: (end = '') => join(path, `${++count}${end}`) };
}
