import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { start } from '../cli/support.ts';
import { exitOf, Place } from './support.ts';
import { csvOf, executed, WORKER } from './workers.ts';

/** A dozen commands each, one after the other. */
vi.setConfig({ testTimeout: 240_000 });

/** Without columns, so that its rows are NDJSON; prints; and ends its process over one item. */
const LOOSE = `
export default {
  setup: ({ params }) => ({ ready: true }),
  process: (item, { state, attempt, index }) => {
    console.log('about', item);
    if (item === 'dies') process.exit(7);
    return { item, index, attempt, ready: state.ready };
  },
};
`;

test('one item, in the foreground: its rows on stdout, the rest on stderr, the run as it was', async () => {
  const place = new Place({ 'w.mjs': WORKER, 'bad.txt': 'bad' });
  expect(await place.run('--items', 'a,bad,good,"', '--retries', '0')).toMatchObject({ code: 1 });
  executed(place);
  const before = place.everything('data/runs');
  const logs = place.everything('logs');
  const good = await place.shardyard('replay', 'r', 'good');
  expect(good).toMatchObject({
    code: 0,
    stdout: csvOf(['good']),
    stderr: expect.stringContaining('good (item 2, shard 0) of r; nothing is committed'),
  });
  // Of the latest run; and with what the worker has become since.
  place.write('w.mjs', `${WORKER}\n// changed\n`);
  const bad = await place.shardyard('replay', 'bad');
  expect([bad.code, bad.stdout]).toEqual([1, '']);
  for (const text of ['the worker has changed', 'Error: bad is bad', 'failed by error']) expect(bad.stderr).toContain(text);
  expect(await place.shardyard('replay', 'r', 'goood')).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining('did you mean "good"?'),
  });
  expect(await place.shardyard('replay', '')).toMatchObject({ code: 2 });
  expect(executed(place)).toEqual(['bad', 'good']);
  expect(place.everything('data/runs')).toEqual(before);
  expect(place.everything('logs')).toEqual(logs);
});

test('works beside a run that is going on, and is ended by Ctrl-C', async () => {
  const place = new Place({ 'w.mjs': WORKER });
  const session = place.start('run', 'w.mjs', '--items', 'a,slow,b', '-p', '1', '--name', 'r', '-o', 'out.csv');
  const ended = exitOf(session);
  while (!place.lines('executed.txt').includes('slow')) await sleep(5);
  expect(await place.shardyard('replay', 'r', 'b')).toMatchObject({ code: 0, stdout: csvOf(['b']) });
  const replay = start(['replay', 'r', 'slow'], { cwd: place.cwd });
  const interrupted = exitOf(replay);
  while (place.lines('executed.txt').filter((line) => line === 'slow').length < 2) await sleep(5);
  replay.kill('SIGINT');
  expect(await interrupted).toBe(130);
  place.write('go-slow');
  expect(await ended).toBe(0);
  expect(place.read('out.csv')).toBe(csvOf(['a', 'slow', 'b']));
});

test('rows without declared columns are NDJSON; a child that dies says how; a debugger is waited for', async () => {
  const place = new Place({ 'w.mjs': LOOSE });
  // Any port that is free: others may be debugging on this machine.
  const options = ['--items', 'x,dies', '--retries', '0', '--node-arg=--inspect-port=0'];
  expect(await place.run(...options)).toMatchObject({ code: 1 });
  const rows = '{"item":"x","index":0,"attempt":1,"ready":true}\n';
  expect(await place.shardyard('replay', 'x')).toMatchObject({ code: 0, stdout: rows, stderr: expect.stringContaining('about x') });
  expect(await place.shardyard('replay', 'dies')).toMatchObject({ code: 1, stderr: expect.stringMatching(/failed by exit: exit code 7/) });

  const session = start(['replay', 'x', '--inspect'], { cwd: place.cwd });
  let [stdout, stderr] = ['', ''];
  session.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  const code = new Promise((resolve) => session.once('close', resolve));
  const url = new Promise<string>((resolve) => {
    session.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      const found = /ws:\/\/\S+/.exec(stderr)?.[0];
      if (found !== undefined && stderr.includes('For help')) resolve(found);
    });
  });
  const socket = new WebSocket(await url);
  await new Promise((resolve) => socket.addEventListener('open', resolve, { once: true }));
  // Nothing of the worker has run so far, however long this took.
  expect(stderr).not.toContain('about x');
  socket.send(JSON.stringify({ id: 1, method: 'Runtime.runIfWaitingForDebugger' }));
  await new Promise((resolve) => socket.addEventListener('message', resolve, { once: true }));
  socket.close();
  expect(await code).toBe(0);
  expect([stdout, stderr.includes('about x')]).toEqual([rows, true]);
});
