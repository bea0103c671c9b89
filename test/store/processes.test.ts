import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { endLeftovers, processesWith, sessionToken, signal, startTime, TOKEN_VARIABLE } from '../../src/store/processes.ts';
import { newFolder } from './folder.ts';

const folder = newFolder();
const started: ChildProcess[] = [];
/** No other run, and no other run of these tests, has it. */
const token = (): string => `test-${process.pid}-${Math.random().toString(36).slice(2)}`;

afterEach(() => {
  for (const { pid } of started.splice(0)) if (pid !== undefined && !signal(-pid, 'SIGKILL')) signal(pid, 'SIGKILL');
});

/** A process group that lives for a minute; `command` prints a line of PIDs once it is there. */
async function start(command: string, env: Record<string, string> = {}): Promise<{ child: ChildProcess; pid: number; pids: number[] }> {
  const child = spawn('bash', ['-c', command], { detached: true, stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...env } });
  started.push(child);
  if (!child.stdout) throw new Error('no output');
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { child, pid: child.pid ?? 0, pids: line.split(' ').map(Number) };
}

const isAlive = (pid: number): boolean => startTime(pid) !== undefined;

describe('the start time of a process', () => {
  test('is the same as long as it lives, and gone with it', async () => {
    const { child, pid } = await start('echo 1; exec sleep 60');
    const time = startTime(pid);
    expect(time).toMatch(/^\d+$/);
    expect(startTime(pid)).toBe(time);
    expect(Number(time)).toBeGreaterThanOrEqual(Number(startTime(process.pid)));
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(startTime(pid)).toBeUndefined();
  });

  test('is not that of its zombie', async () => {
    // `sleep` does not look after the children that it got from the shell.
    const { pids } = await start('sleep 0 & echo $!; exec sleep 60');
    const [zombie = 0] = pids;
    await vi.waitFor(() => expect(readFileSync(`/proc/${zombie}/stat`, 'latin1')).toContain(') Z '), { timeout: 5000, interval: 10 });
    expect(signal(zombie, 0)).toBe(true);
    expect(startTime(zombie)).toBeUndefined();
  });

  test('is found whatever the process is called', async () => {
    const place = folder.name();
    mkdirSync(place);
    symlinkSync('/bin/sleep', join(place, 'a) Z 1 (b'));
    const { pid } = await start(`echo 1; exec '${place}/a) Z 1 (b' 60`);
    await vi.waitFor(() => expect(readFileSync(`/proc/${pid}/stat`, 'latin1')).toContain('(a) Z 1 (b)'), { timeout: 5000, interval: 10 });
    expect(startTime(pid)).toMatch(/^\d+$/);
  });
});

test('a signal to nobody is no error', () => {
  expect(signal(2 ** 22 + 1, 'SIGTERM')).toBe(false);
  expect(signal(process.pid, 0)).toBe(true);
});

describe('the processes of a run', () => {
  test('are those whose environment has its token, and no others', async () => {
    const run = token();
    const [one, eleven] = [sessionToken(run, 1), sessionToken(run, 11)];
    const first = await start('echo 1; exec sleep 60', { [TOKEN_VARIABLE]: one });
    const eleventh = await start('setsid sleep 60 & echo $!; exec sleep 60', { [TOKEN_VARIABLE]: eleven });
    await start('echo 1; exec sleep 60', { [TOKEN_VARIABLE]: sessionToken(`${run}x`, 1), OTHER: `${run}.1` });
    const later = [eleventh.pid, ...eleventh.pids].toSorted((a, b) => a - b);
    expect(processesWith(one, 'session')).toEqual([first.pid]);
    expect(processesWith(eleven, 'session').toSorted((a, b) => a - b)).toEqual(later);
    expect(processesWith(run, 'run').toSorted((a, b) => a - b)).toEqual([first.pid, ...later].toSorted((a, b) => a - b));
    expect(processesWith(token(), 'run')).toEqual([]);
    for (const pid of eleventh.pids) signal(pid, 'SIGKILL');
  });
});

describe('what a dead parent has left', () => {
  test('is ended with its group, known by PID and start time', async () => {
    const { pid, pids } = await start('sleep 60 & echo $!; wait');
    expect(await endLeftovers([{ pid, pidStart: startTime(pid) ?? '' }], token())).toBe(1);
    expect(isAlive(pid)).toBe(false);
    await vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]), { timeout: 5000, interval: 10 });
  });

  test('is left alone when the PID belongs to somebody else by now', async () => {
    const { pid } = await start('echo 1; exec sleep 60');
    const others = [
      { pid, pidStart: '1' },
      { pid, pidStart: '' },
      { pid: 2 ** 22 + 1, pidStart: '5' },
    ];
    expect(await endLeftovers(others, token())).toBe(0);
    expect(isAlive(pid)).toBe(true);
  });

  test('is ended by its token, also outside its group, even when it does not listen', async () => {
    const run = token();
    const { pid, pids } = await start('setsid sleep 60 & echo $!; trap "" TERM; while :; do sleep 1; done', {
      [TOKEN_VARIABLE]: sessionToken(run, 3),
    });
    expect(await endLeftovers([], run)).toBeGreaterThanOrEqual(2);
    expect([pid, ...pids].filter(isAlive)).toEqual([]);
    expect(processesWith(run, 'run')).toEqual([]);
  });

  test('may be nothing', async () => {
    expect(await endLeftovers([], token())).toBe(0);
  });
});
