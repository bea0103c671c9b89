import { closeSync, existsSync, globSync, openSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { Journal, readJournal } from '../../src/store/journal.ts';
import { canMount, mountAt, wideCsv } from './small-disk.ts';
import { heldCsv, Place, until, worker } from './support.ts';

/** Two or three sessions each, and the machine may be busy. */
vi.setConfig({ testTimeout: 180_000 });

const mount = (place: Place, name: string, size: string): void => mountAt(place, name, `size=${size}`);

/** Takes all the room that is left, to the last byte. */
function fill(place: Place, name: string): void {
  const file = openSync(join(place.cwd, name, 'filler'), 'a');
  try {
    for (let size = 1 << 16; size > 0; size >>= 1) {
      try {
        for (const bytes = Buffer.alloc(size); ;) if (writeSync(file, bytes) < size) break;
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
      }
    }
  } finally {
    closeSync(file);
  }
}

const free = (place: Place, name: string): void => rmSync(join(place.cwd, name, 'filler'));

describe.skipIf(!canMount)('a full disk', () => {
  test('ends the run with 1 and loses nothing: once there is room, a resume ends it', async () => {
    const place = new Place();
    mount(place, 'data', '4m');
    const filler = openSync(join(place.cwd, 'data', 'filler'), 'w');
    writeSync(filler, Buffer.alloc(3 << 20));
    closeSync(filler);
    const run = await place.end(
      'run',
      worker('wide'),
      '--items',
      '0:100',
      '-p',
      '2',
      '--shards',
      '2',
      '--batch-size',
      '10',
      '-o',
      'out.csv',
      '--retries',
      '0',
    );
    expect([run.code, run.stderr]).toEqual([1, expect.stringContaining('resume r')]);
    expect(run.stderr).not.toContain('bug');
    const kept = place.events('committed').reduce((sum, { receipt }) => sum + receipt.items, 0);
    expect(kept).toBeGreaterThan(0);
    // What the disk refuses costs no item a try, not even its only one.
    expect(place.events('tried', 'item-failed')).toEqual([]);
    free(place, 'data');
    expect(await place.end('resume')).toMatchObject({ code: 0 });
    expect(place.read('out.csv')).toBe(wideCsv(100));
    expect(place.events('committed').reduce((sum, { receipt }) => sum + receipt.items, 0)).toBe(100);
  });

  test('without room for another line of the journal ends the run with 1, and leaves the journal good', async () => {
    const place = new Place();
    mount(place, 'data', '1m');
    const items = ['a', 'slow', 'b', 'c'];
    const session = place.start(
      'run',
      worker('held'),
      '--items',
      items.join(','),
      '-p',
      '1',
      '--batch-size',
      '2',
      '--spares',
      '0',
      '-o',
      'out.csv',
    );
    await until('an item is held', () => place.begun('slow') === 1, session);
    fill(place, 'data');
    place.write('go');
    const { code, stderr } = await session.ended;
    expect([code, stderr]).toEqual([1, expect.stringContaining('resume r')]);
    expect(stderr).not.toContain('bug');
    for (const command of ['status', 'resume']) {
      const again = await place.end(command);
      expect([command, again.stderr.includes('bug')]).toEqual([command, false]);
      expect(again.code).toBe(command === 'status' ? 0 : 1);
    }
    free(place, 'data');
    expect(await place.end('resume')).toMatchObject({ code: 0 });
    expect(place.read('out.csv')).toBe(heldCsv(items));
  });

  test('cuts off what of a line fitted, so that the journal goes on once there is room', () => {
    const place = new Place();
    mount(place, 'data', '64k');
    const file = join(place.cwd, 'data', 'journal.ndjson');
    const journal = new Journal(file, 0);
    const warn = (length: number): void => journal.append({ at: 0, type: 'warned', message: 'w'.repeat(length) });
    expect(() => {
      for (;;) warn(900);
    }).toThrow(/no space left/);
    warn(1);
    warn(2);
    journal.close();
    const lengths: number[] = [];
    expect(readJournal(file, (event) => void (event.type === 'warned' && lengths.push(event.message.length)))).toBe(statSync(file).size);
    expect(lengths.slice(-3)).toEqual([900, 1, 2]);
  });

  // Every few kilobytes something else does not fit: the lock, the items, the plan, the manifest, the journal, a part, the report.
  test.each([0, 8, 16, 24, 40])('with room for %i KiB ends a launch with 1 and can be finished once there is more', async (room) => {
    const place = new Place();
    mount(place, 'data', '1m');
    fill(place, 'data');
    truncateSync(join(place.cwd, 'data', 'filler'), statSync(join(place.cwd, 'data', 'filler')).size - room * 1024);
    const launch = ['run', worker('held'), '--items', 'a,b', '-p', '1', '-o', 'out.csv'] as const;
    const { code, stderr } = await place.end(...launch);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/no space left|disk is full|resume r/)]);
    expect(stderr).not.toContain('bug');
    free(place, 'data');
    const again = existsSync(place.file('manifest.json')) ? await place.end('resume') : await place.end(...launch);
    expect(again).toMatchObject({ code: 0 });
    expect(place.read('out.csv')).toBe(heldCsv(['a', 'b']));
  });

  test('that has no room for the merged output keeps the earlier one and leaves no temporary file', async () => {
    const place = new Place();
    mount(place, 'out', '1m');
    fill(place, 'out');
    const run = await place.end('run', worker('wide'), '--items', '0:10', '-p', '1', '-o', 'out/out.csv');
    expect([run.code, run.stderr]).toEqual([1, expect.stringContaining('no space left')]);
    expect(run.stderr).not.toContain('bug');
    expect(globSync('**/*.tmp', { cwd: place.cwd })).toEqual([]);
    const merge = await place.end('merge');
    expect([merge.code, merge.stderr.includes('bug')]).toEqual([1, false]);
    free(place, 'out');
    expect(await place.end('resume')).toMatchObject({ code: 0 });
    expect(place.read('out/out.csv')).toBe(wideCsv(10));
  });

  test('for the logs loses nothing either', async () => {
    const place = new Place();
    mount(place, 'logs', '1m');
    const filler = openSync(join(place.cwd, 'logs', 'filler'), 'w');
    writeSync(filler, Buffer.alloc((1 << 20) - (20 << 10)));
    closeSync(filler);
    const run = await place.end('run', worker('wide'), '--items', '0:40', '-p', '1', '--batch-size', '10', '-o', 'out.csv');
    expect(run.stderr).not.toContain('bug');
    expect([0, 1]).toContain(run.code);
    free(place, 'logs');
    if (run.code === 1) expect(await place.end('resume')).toMatchObject({ code: 0 });
    expect(place.read('out.csv')).toBe(wideCsv(40));
    expect(statSync(join(place.cwd, 'out.csv')).size).toBe(wideCsv(40).length);
  });
});
