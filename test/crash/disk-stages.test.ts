import { spawn } from 'node:child_process';
import { existsSync, globSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { BIN, type Ended } from '../cli/support.ts';
import { canMount, mountAt, remount, wideCsv } from './small-disk.ts';
import { heldCsv, Place, until, worker } from './support.ts';

/** Two sessions for each size, and the machine may be busy. */
vi.setConfig({ testTimeout: 180_000 });

const COUNT = 12;
const options = [worker('wide'), '--items', `0:${COUNT}`, '-p', '2', '--batch-size', '6', '-o'];
const isRun = (place: Place): boolean => existsSync(place.file('manifest.json'));

/** Runs on a disk with so little, then with enough: the first session fails with a message or is done, the second ends with the right bytes. */
async function survives(place: Place, disk: string, little: string, enough: string): Promise<void> {
  mountAt(place, disk, little);
  const at = ['--data-dir', `${disk}/data`, '--logs-dir', `${disk}/logs`];
  const file = `${disk}/out.csv`;
  const launch = (): ReturnType<Place['end']> => place.end('run', ...options, file, ...at);
  const first = await launch();
  const what = `${little}: ${first.stderr}`;
  expect([0, 1], what).toContain(first.code);
  expect(first.stderr, what).not.toContain('bug');
  if (first.code === 1) expect(first.stderr, what).toMatch(/resume r|make room/);
  remount(place, disk, enough);
  const manifest = join(place.cwd, disk, 'data', 'runs', 'r', 'manifest.json');
  const second = await (existsSync(manifest) ? place.end('resume', ...at) : launch());
  expect(second, what).toMatchObject({ code: 0 });
  expect(place.read(file), what).toBe(wideCsv(COUNT));
  expect(globSync('**/*.tmp', { cwd: join(place.cwd, disk) }), what).toEqual([]);
}

describe.skipIf(!canMount)('everything on one disk that is too small', () => {
  // What does not fit any more, from the lock over the plan, the parts and the journal to the merge and its report.
  test.each([20, 148, 276])('of %i KiB', async (size) => survives(new Place(), 'disk', `size=${size}k`, 'size=8m'));

  // As many files and folders; each of these is another file that cannot be made.
  test.each([3, 9, 13, 27])('of %i files', async (count) =>
    survives(new Place(), 'disk', `size=8m,nr_inodes=${count}`, 'size=8m,nr_inodes=1000'),
  );

  test('that is read-only by the time of a resume: says so, and can be read', async () => {
    const place = new Place();
    mountAt(place, 'disk', 'size=8m');
    const at = ['--data-dir', 'disk/data', '--logs-dir', 'disk/logs'];
    const session = place.start('run', worker('held'), '--items', 'a,slow,b', '-p', '1', '--batch-size', '1', ...at, '-o', 'out.csv');
    await until(
      'an item is held',
      () => globSync('disk/logs/r/*.log', { cwd: place.cwd }).some((log) => place.read(log).includes('begin slow')),
      session,
    );
    session.kill('SIGKILL');
    await session.ended;
    await until('the orphans are gone', () => {
      try {
        remount(place, 'disk', 'ro');
        return true;
      } catch {
        return false;
      }
    });
    for (const [command, code] of [
      ['status', 0],
      ['resume', 1],
      ['merge', 1],
    ] as const) {
      const { stderr, ...end } = await place.end(command, ...at);
      expect([command, end.code, stderr.includes('bug')]).toEqual([command, code, false]);
    }
    remount(place, 'disk', 'rw');
    place.write('go');
    expect(await place.end('resume', ...at)).toMatchObject({ code: 0 });
    expect(place.read('out.csv')).toBe(heldCsv(['a', 'slow', 'b']));
  });
});

describe('a folder that vanishes while the run is going on', () => {
  test.each([
    ['data/runs/r/parts', 'resume r'],
    ['data/runs/r', 'the folder of the run is gone'],
  ])('%s: ends with 1 and says what to do', async (folder, hint) => {
    const place = new Place();
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
    // The run goes on writing there meanwhile.
    rmSync(join(place.cwd, folder), { recursive: true, maxRetries: 100, retryDelay: 2 });
    place.write('go');
    const { code, stderr } = await session.ended;
    expect([code, stderr]).toEqual([1, expect.stringContaining(hint)]);
    expect(stderr).not.toContain('bug');
    const again = isRun(place) ? place.end('resume') : place.end('run', worker('held'), '--items', items.join(','), '-o', 'out.csv');
    expect(await again).toMatchObject({ code: 0 });
    expect(place.read('out.csv')).toBe(heldCsv(items));
  });
});

// With how many files each step runs out differs from one Node to the next; that all of them end well does not.
test.skipIf(process.platform !== 'linux').each([27, 33])(
  'with %i open files at most, a run ends with a message and can be finished',
  async (limit) => {
    const place = new Place();
    const command = [
      '-c',
      `ulimit -n ${limit}; exec "$0" "$@"`,
      process.execPath,
      BIN,
      'run',
      ...options,
      'out.csv',
      '--name',
      'r',
      '--progress',
      'none',
    ];
    const { code, stderr } = await endOf('sh', command, place.cwd);
    expect([0, 1], stderr).toContain(code);
    expect(stderr).not.toContain('bug');
    if (code === 1) expect(stderr).toMatch(/too many open files|EMFILE|unable to open|resume r/);
    expect(await (isRun(place) ? place.end('resume') : place.end('run', ...options, 'out.csv'))).toMatchObject({ code: 0 });
    expect(place.read('out.csv')).toBe(wideCsv(COUNT));
  },
);

async function endOf(command: string, args: readonly string[], cwd: string): Promise<Ended> {
  const child = spawn(command, args, { cwd, env: { PATH: process.env['PATH'] }, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stdout: '', stderr };
}
