import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BIN } from '../cli/support.ts';
import { until } from '../crash/support.ts';
import { Place } from './support.ts';
import { csvOf, WORKER } from './workers.ts';

/**
 * Runs a command on a terminal of its own, 100 × 24, which goes away once there is a file `close`; or has Ctrl-Z typed into it once there is
 * a file `type`. Ends as the command does.
 */
const TERMINAL = `
import fcntl, os, pty, select, struct, sys, termios, time
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack('HHHH', 24, 100, 0, 0))
    os.execv(sys.argv[1], sys.argv[1:])
typed = False
with open('screen', 'wb') as screen:
    while not os.path.exists('close'):
        if os.path.exists('type') and not typed:
            os.write(terminal, b'\\x1a')
            typed = True
        ready, _, _ = select.select([terminal], [], [], 0.02)
        if not ready: continue
        try: data = os.read(terminal, 65536)
        except OSError: break
        if not data: break
        screen.write(data)
        screen.flush()
os.close(terminal)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;
const hasPython = spawnSync('python3', ['-c', 'import pty, os; os.waitstatus_to_exitcode']).status === 0;

test.skipIf(!hasPython)('on a terminal: Ctrl-Z suspends, and when it closes, items in flight finish and nothing crashes', async () => {
  const place = new Place({ 'w.mjs': WORKER, 'terminal.py': TERMINAL });
  const items = ['a', 'slow', 'b', 'c'];
  const args = [
    '--items',
    items.join(),
    '-p',
    '1',
    '--spares',
    '0',
    '--batch-size',
    '4',
    '--name',
    'r',
    '-o',
    'out.csv',
    '--progress',
    'bar',
  ];
  const env = { ...process.env, TERM: 'xterm', NO_COLOR: '1' };
  const python = spawn('python3', ['terminal.py', process.execPath, BIN, 'run', 'w.mjs', ...args], {
    cwd: place.cwd,
    env,
    stdio: 'ignore',
  });
  const exited = once(python, 'exit');
  const journal = join(place.cwd, 'data/runs/r/journal.ndjson');
  await until(
    'an item is held and bars are drawn',
    () => place.lines('executed.txt').includes('slow') && place.read('screen').includes('shard 0'),
  );
  place.write('type');
  await until('Ctrl-Z has arrived', () => existsSync(journal) && place.events('suspended').length === 1);
  // What fg does.
  const pid = place.events('opened')[0]?.pid ?? 0;
  await until('it goes on', () => process.kill(pid, 'SIGCONT') && place.events('awoke').length > 0);
  place.write('close');
  await until('the run has noticed', () => place.events('stopping').length > 0);
  place.write('go-slow');
  expect(await exited).toEqual([3, null]);
  expect(place.events('stopping')).toMatchObject([{ why: 'SIGHUP', how: 'drain' }]);
  expect(place.report()).toMatchObject({ state: 'stopped', stopped: { why: 'SIGHUP' }, items: { done: 2, owed: 2 } });
  expect(place.events('child-told').filter(({ how }) => how !== 'message')).toEqual([]);
  expect(await place.resume()).toMatchObject({ code: 0 });
  expect(place.read('out.csv')).toBe(csvOf(items));
});
